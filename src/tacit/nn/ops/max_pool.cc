// MaxPool: the largest of each window, by a tournament among the window's positions, each taken as one
// tensor. Where windows overlap, the largest along each row is found first and then the largest of these
// along columns, if that compares fewer numbers: 6 instead of 8 for a result of a window of 3x3 in steps
// of 2. Padding never wins: it is a number below every other (-2^(61-2f), far below what activations reach).
#include <cmath>

#include "tacit/nn/ops/ops.h"
#include "tacit/nn/ops/window.h"

namespace tacit::nn {

namespace {

using Integers = std::vector<std::int64_t>;

Shape shape(std::span<const Shape> in, const Attrs& attrs) { return Windows(attrs, in[0]).shape(); }

Integers pair(std::size_t h, std::size_t w) {
  return {static_cast<std::int64_t>(h), static_cast<std::int64_t>(w)};
}
std::size_t comparisons(const Windows& w) { return elements(w.shape()) * (w.positions() - 1); }

/// One after the other.
std::vector<Windows> passes(const Attrs& attrs, const Shape& x) {
  const Windows whole(attrs, x);
  const ConvGeometry& g = whole.geometry();
  const auto pads = [](std::size_t top, std::size_t left, std::size_t bottom, std::size_t right) {
    Integers out = pair(top, left), after = pair(bottom, right);
    out.insert(out.end(), after.begin(), after.end());
    return out;
  };
  const Attr ceil = attrs.integer("ceil_mode", 0);
  const Windows along_rows({{"kernel_shape", pair(1, whole.kernel_w())},
                            {"strides", pair(1, g.stride_w)},
                            {"pads", pads(0, g.pad_left, 0, g.pad_right)},
                            {"dilations", pair(1, g.dilation_w)},
                            {"ceil_mode", ceil}},
                           x);
  const Windows along_columns({{"kernel_shape", pair(whole.kernel_h(), 1)},
                               {"strides", pair(g.stride_h, 1)},
                               {"pads", pads(g.pad_top, 0, g.pad_bottom, 0)},
                               {"dilations", pair(g.dilation_h, 1)},
                               {"ceil_mode", ceil}},
                              along_rows.shape());
  if (comparisons(along_rows) + comparisons(along_columns) >= comparisons(whole)) return {whole};
  return {along_rows, along_columns};
}

Value forward(Ctx& ctx, const Call& call, std::any* saved) {
  Secret<Real> x = call.input(0).as_secret(ctx);
  const double lowest = -std::ldexp(1.0, 61 - 2 * static_cast<int>(ctx.frac));
  std::vector<fn::Tournament> games;
  for (const Windows& w : passes(call.attrs, x.shape())) {
    games.push_back(fn::tournament(ctx, w.take(ctx, x, lowest)));
    x = games.back().value;
  }
  if (saved != nullptr) *saved = std::move(games);
  return x;
}

void backward(Ctx& ctx, const Call& call, const Value&, const std::any& saved, const Secret<Real>& grad,
              std::span<Grad* const> to) {
  if (to[0] == nullptr) return;
  const auto& games = std::any_cast<const std::vector<fn::Tournament>&>(saved);
  const auto all = passes(call.attrs, call.input(0).shape());
  Secret<Real> spread = grad;
  for (std::size_t i = all.size(); i-- > 0;) spread = all[i].give_back(ctx, fn::award(ctx, games[i], spread));
  to[0]->add(ctx, spread);
}

}  // namespace

const Op kMaxPool{"MaxPool", "largest of each window", 1, 1, shape, forward, backward};

}  // namespace tacit::nn
