// AveragePool: the mean of each window. Sums are free; one truncation.
#include <algorithm>

#include "tacit/nn/ops/ops.h"
#include "tacit/nn/ops/window.h"

namespace tacit::nn {

namespace {

Shape shape(std::span<const Shape> in, const Attrs& attrs) { return Windows(attrs, in[0]).shape(); }

/// Places of a window from `begin` on that lie in [low, high).
std::size_t places_within(std::size_t begin, std::size_t kernel, std::size_t dilation, std::size_t low,
                          std::size_t high) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < kernel; ++i) n += begin + i * dilation >= low && begin + i * dilation < high;
  return n;
}

/// One over the places that count, for one image of one channel: all of them, if padding counts, but for
/// those that rounding the number of windows up added beyond it.
std::vector<double> weights(const Windows& w, const Shape& x, bool padding_counts) {
  const ConvGeometry& g = w.geometry();
  std::vector<double> out;
  for (std::size_t i = 0; i < w.shape()[2]; ++i)
    for (std::size_t j = 0; j < w.shape()[3]; ++j) {
      const std::size_t low_h = padding_counts ? 0 : g.pad_top, low_w = padding_counts ? 0 : g.pad_left;
      const std::size_t high_h = g.pad_top + x[2] + (padding_counts ? g.pad_bottom : 0);
      const std::size_t high_w = g.pad_left + x[3] + (padding_counts ? g.pad_right : 0);
      const std::size_t count = places_within(i * g.stride_h, w.kernel_h(), g.dilation_h, low_h, high_h) *
                                places_within(j * g.stride_w, w.kernel_w(), g.dilation_w, low_w, high_w);
      out.push_back(1 / static_cast<double>(std::max<std::size_t>(count, 1)));
    }
  return out;
}

Secret<Real> weighted(Ctx& ctx, const Call& call, const Secret<Real>& sums) {
  const Shape& x = call.input(0).shape();
  const Windows w(call.attrs, x);
  const auto each = weights(w, x, call.attrs.integer("count_include_pad", 0) != 0);
  if (std::all_of(each.begin(), each.end(), [&](double v) { return v == each[0]; }))
    return fn::scaled(ctx, sums, each[0]);
  std::vector<double> all;
  for (std::size_t i = 0; i < sums.size(); ++i) all.push_back(each[i % each.size()]);
  return fn::scaled(ctx, sums, all);
}

Value forward(Ctx& ctx, const Call& call, std::any*) {
  const Secret<Real> x = call.input(0).as_secret(ctx);
  const std::size_t position = 0;
  return weighted(ctx, call, fn::sum(ctx, Windows(call.attrs, x.shape()).take(ctx, x, 0), {&position, 1}));
}

void backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
              std::span<Grad* const> to) {
  if (to[0] == nullptr) return;
  const Windows w(call.attrs, call.input(0).shape());
  Shape spread = grad.shape();
  spread.insert(spread.begin(), w.positions());
  to[0]->add(ctx, w.give_back(ctx, fn::broadcast_to(ctx, weighted(ctx, call, grad), spread)));
}

}  // namespace

const Op kAveragePool{"AveragePool", "mean of each window", 1, 1, shape, forward, backward};

}  // namespace tacit::nn
