// Sums over axes: ReduceSum, ReduceMean, ReduceSumSquare, ReduceL1, ReduceL2, and GlobalAveragePool. Sums are
// free, a mean costs one truncation, squares a product more.
#include "tacit/base/error.h"
#include "tacit/nn/ops/axes.h"
#include "tacit/nn/ops/ops.h"

namespace tacit::nn {

namespace {

Shape shape(std::span<const Shape> in, const Attrs& attrs) {
  return without(in[0], axes_of(attrs, in[0]), attrs.integer("keepdims", 1) != 0);
}
Shape out_shape(const Call& call) {
  const Shape in[] = {call.input(0).shape()};
  return shape(in, call.attrs);
}
std::vector<std::size_t> axes_in(const Call& call) { return axes_of(call.attrs, call.input(0).shape()); }

/// A gradient of the result as one of the operand.
Secret<Real> spread(Ctx& ctx, const Secret<Real>& grad, std::span<const std::size_t> axes, const Shape& to) {
  return fn::broadcast_to(ctx, fn::reshape(ctx, grad, without(to, axes, true)), to);
}
double count(const Shape& x, std::span<const std::size_t> axes) {
  double n = 1;
  for (std::size_t a : axes) n *= static_cast<double>(x[a]);
  return n;
}

Value sum_forward(Ctx& ctx, const Call& call, std::any*) {
  return fn::reshape(ctx, fn::sum(ctx, call.input(0).as_secret(ctx), axes_in(call)), out_shape(call));
}
void sum_backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
                  std::span<Grad* const> to) {
  if (to[0] != nullptr) to[0]->add(ctx, spread(ctx, grad, axes_in(call), call.input(0).shape()));
}

Secret<Real> mean(Ctx& ctx, const Secret<Real>& x, std::span<const std::size_t> axes, const Shape& out) {
  return fn::reshape(ctx, fn::scaled(ctx, fn::sum(ctx, x, axes), 1 / count(x.shape(), axes)), out);
}
void mean_gradient(Ctx& ctx, const Shape& x, std::span<const std::size_t> axes, const Secret<Real>& grad,
                   Grad* to) {
  if (to != nullptr) to->add(ctx, spread(ctx, fn::scaled(ctx, grad, 1 / count(x, axes)), axes, x));
}
Value mean_forward(Ctx& ctx, const Call& call, std::any*) {
  return mean(ctx, call.input(0).as_secret(ctx), axes_in(call), out_shape(call));
}
void mean_backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
                   std::span<Grad* const> to) {
  mean_gradient(ctx, call.input(0).shape(), axes_in(call), grad, to[0]);
}

Secret<Real> sum_of_squares(Ctx& ctx, const Call& call) {
  const Secret<Real> x = call.input(0).as_secret(ctx);
  return fn::reshape(ctx, fn::trunc(ctx, fn::sum(ctx, fn::mul(ctx, x, x), axes_in(call))), out_shape(call));
}
Value squares_forward(Ctx& ctx, const Call& call, std::any*) { return sum_of_squares(ctx, call); }
void squares_backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
                      std::span<Grad* const> to) {
  if (to[0] == nullptr) return;
  const Secret<Real> x = call.input(0).as_secret(ctx);
  to[0]->add(ctx, fn::mul(ctx, fn::scale(ctx, x, 2), spread(ctx, grad, axes_in(call), x.shape())));
}

// The norm's gradient is x over the norm, so a norm of 0 has none that is right.
Value l2_forward(Ctx& ctx, const Call& call, std::any* saved) {
  Secret<Real> squares = sum_of_squares(ctx, call);
  Secret<Real> y = fn::sqrt(ctx, squares);
  if (saved != nullptr) *saved = std::move(squares);
  return y;
}
void l2_backward(Ctx& ctx, const Call& call, const Value&, const std::any& saved, const Secret<Real>& grad,
                 std::span<Grad* const> to) {
  if (to[0] == nullptr) return;
  const Secret<Real> x = call.input(0).as_secret(ctx);
  const Secret<Real> inverse = fn::rsqrt(ctx, std::any_cast<const Secret<Real>&>(saved));
  const Secret<Real> each = fn::trunc(ctx, fn::mul(ctx, grad, inverse));
  to[0]->add(ctx, fn::mul(ctx, x, spread(ctx, each, axes_in(call), x.shape())));
}

Value l1_forward(Ctx& ctx, const Call& call, std::any* saved) {
  const Secret<Real> x = call.input(0).as_secret(ctx);
  fn::Rectified r = fn::relu(ctx, x);
  const Secret<Real> magnitude = fn::sub(ctx, fn::scale(ctx, r.value, 2), x);
  if (saved != nullptr) *saved = std::move(r.positive);
  return fn::reshape(ctx, fn::sum(ctx, magnitude, axes_in(call)), out_shape(call));
}
void l1_backward(Ctx& ctx, const Call& call, const Value&, const std::any& saved, const Secret<Real>& grad,
                 std::span<Grad* const> to) {
  if (to[0] == nullptr) return;
  const Secret<Real> g = spread(ctx, grad, axes_in(call), call.input(0).shape());
  to[0]->add(
      ctx, fn::sub(ctx, fn::scale(ctx, fn::select(ctx, std::any_cast<const Secret<Bit>&>(saved), g), 2), g));
}

constexpr std::size_t kImageAxes[] = {2, 3};
Shape pool_shape(std::span<const Shape> in, const Attrs&) {
  require(in[0].size() == 4, "a pool takes tensors of 4 axes, not {}", to_string(in[0]));
  return without(in[0], kImageAxes, true);
}
Value pool_forward(Ctx& ctx, const Call& call, std::any*) {
  const Secret<Real> x = call.input(0).as_secret(ctx);
  return mean(ctx, x, kImageAxes, without(x.shape(), kImageAxes, true));
}
void pool_backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
                   std::span<Grad* const> to) {
  mean_gradient(ctx, call.input(0).shape(), kImageAxes, grad, to[0]);
}

}  // namespace

const Op kGlobalAveragePool{"GlobalAveragePool", "mean of each channel", 1, 1, pool_shape,
                            pool_forward,        pool_backward};
const Op kReduceL1{"ReduceL1", "sum of magnitudes along axes", 1, 1, shape, l1_forward, l1_backward};
const Op kReduceL2{"ReduceL2", "root of the sum of squares along axes", 1, 1, shape, l2_forward, l2_backward};
const Op kReduceMean{"ReduceMean", "mean along axes", 1, 1, shape, mean_forward, mean_backward};
const Op kReduceSum{"ReduceSum", "sum along axes", 1, 1, shape, sum_forward, sum_backward};
const Op kReduceSumSquare{"ReduceSumSquare", "sum of squares along axes", 1, 1, shape, squares_forward,
                          squares_backward};

}  // namespace tacit::nn
