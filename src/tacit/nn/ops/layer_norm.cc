// LayerNormalization (Ba, Kiros, Hinton 2016): each example by the mean and the variance of its own elements,
// over the axes from 'axis' on. The same in training and in inference. An epsilon of less than 2^-f is taken
// as 2^-f.
#include <algorithm>
#include <cmath>

#include "tacit/base/error.h"
#include "tacit/nn/ops/axes.h"
#include "tacit/nn/ops/ops.h"

namespace tacit::nn {

namespace {

enum Input : std::size_t { kX, kScale, kBias };

/// Of the elements that are normalised together.
Shape group_of(const Shape& x, const Attrs& attrs) {
  return Shape(x.begin() + static_cast<std::ptrdiff_t>(axis_of(attrs.integer("axis", -1), x)), x.end());
}

Shape shape(std::span<const Shape> in, const Attrs& attrs) {
  const Shape group = group_of(in[kX], attrs);
  for (std::size_t i = kScale; i < in.size(); ++i)
    require(in[i] == group, "a layer normalisation over {} needs a scale and a bias of that shape, not {}",
            to_string(group), to_string(in[i]));
  return in[kX];
}

/// The mean of each row, spread over it.
Secret<Real> row_means(Ctx& ctx, const Secret<Real>& rows) {
  const std::size_t last = 1;
  const double share = 1 / static_cast<double>(rows.shape()[1]);
  const Secret<Real> means = fn::scaled(ctx, fn::sum(ctx, rows, {&last, 1}), share);
  return fn::broadcast_to(ctx, fn::reshape(ctx, means, {rows.shape()[0], 1}), rows.shape());
}
Secret<Real> product(Ctx& ctx, const Secret<Real>& a, const Secret<Real>& b) {
  return fn::trunc(ctx, fn::mul(ctx, a, b));
}
/// Row by row, one element a column.
Secret<Real> columns(Ctx& ctx, const Value& v, const Shape& rows) {
  return fn::broadcast_to(ctx, fn::reshape(ctx, v.as_secret(ctx), {rows[1]}), rows);
}

struct Saved {
  Secret<Real> inverse;  ///< (variance + epsilon)^-1/2, [rows, 1]
  Secret<Real> normal;   ///< [rows, group]
};

Value forward(Ctx& ctx, const Call& call, std::any* saved) {
  const Secret<Real> whole = call.input(kX).as_secret(ctx);
  const std::size_t n = elements(group_of(whole.shape(), call.attrs)), last = 1;
  const Secret<Real> x = fn::reshape(ctx, whole, {whole.size() / n, n});
  const Secret<Real> centred = fn::sub(ctx, x, row_means(ctx, x));
  const Secret<Real> squares = fn::trunc(ctx, fn::sum(ctx, fn::mul(ctx, centred, centred), {&last, 1}));
  const Secret<Real> variance = fn::scaled(ctx, squares, 1 / static_cast<double>(n));
  const double epsilon =
      std::max(call.attrs.real("epsilon", 1e-5), std::ldexp(1.0, -static_cast<int>(ctx.frac)));
  Secret<Real> inverse =
      fn::reshape(ctx, fn::rsqrt(ctx, fn::add_public(ctx, variance, {&epsilon, 1})), {x.shape()[0], 1});
  Secret<Real> normal = product(ctx, centred, fn::broadcast_to(ctx, inverse, x.shape()));
  Secret<Wide> y = fn::mul(ctx, normal, columns(ctx, call.input(kScale), x.shape()));
  if (call.has(kBias)) y = fn::add(ctx, y, fn::lift(ctx, columns(ctx, call.input(kBias), x.shape())));
  if (saved != nullptr) *saved = Saved{std::move(inverse), std::move(normal)};
  return fn::reshape(ctx, fn::trunc(ctx, y), whole.shape());
}

// With h = scale·g: inverse·(h - mean(h) - normal·mean(h normal)).
void backward(Ctx& ctx, const Call& call, const Value&, const std::any& saved, const Secret<Real>& grad,
              std::span<Grad* const> to) {
  const auto& s = std::any_cast<const Saved&>(saved);
  const Shape& rows = s.normal.shape();
  const std::size_t first = 0;
  const Secret<Real> g = fn::reshape(ctx, grad, rows);
  if (to[kScale] != nullptr)
    to[kScale]->add(ctx, fn::reshape(ctx, fn::sum(ctx, fn::mul(ctx, g, s.normal), {&first, 1}),
                                     call.input(kScale).shape()));
  if (to.size() > kBias && to[kBias] != nullptr)
    to[kBias]->add(ctx, fn::reshape(ctx, fn::sum(ctx, g, {&first, 1}), call.input(kBias).shape()));
  if (to[kX] == nullptr) return;
  const Secret<Real> h = product(ctx, g, columns(ctx, call.input(kScale), rows));
  const Secret<Real> along = product(ctx, s.normal, row_means(ctx, product(ctx, h, s.normal)));
  const Secret<Real> inner = fn::sub(ctx, fn::sub(ctx, h, row_means(ctx, h)), along);
  const Secret<Wide> x = fn::mul(ctx, inner, fn::broadcast_to(ctx, s.inverse, rows));
  to[kX]->add(ctx, fn::reshape(ctx, x, grad.shape()));
}

}  // namespace

const Op kLayerNormalization{"LayerNormalization",
                             "each example shifted and scaled to its own statistics",
                             2,
                             3,
                             shape,
                             forward,
                             backward};

}  // namespace tacit::nn
