// Softmax and LogSoftmax along any axis, ReduceLogSumExp along several: a maximum, one exponential table, one
// reciprocal or logarithm a row.
#include "tacit/nn/ops/axes.h"
#include "tacit/nn/ops/ops.h"

namespace tacit::nn {

namespace {

Shape shape(std::span<const Shape> in, const Attrs& attrs) {
  axis_of(attrs.integer("axis", -1), in[0]);
  return in[0];
}
std::size_t axis_in(const Call& call) {
  return axis_of(call.attrs.integer("axis", -1), call.input(0).shape());
}

/// Sums along the last axis, spread over it again.
template <class E>
Secret<E> row_sums(Ctx& ctx, const Secret<E>& x) {
  const std::size_t last = x.shape().size() - 1;
  Shape row = x.shape();
  row.back() = 1;
  return fn::broadcast_to(ctx, fn::reshape(ctx, fn::sum(ctx, x, {&last, 1}), row), x.shape());
}

Value softmax_forward(Ctx& ctx, const Call& call, std::any*) {
  const std::size_t axis = axis_in(call);
  const Secret<Real> x = axis_last(ctx, call.input(0).as_secret(ctx), axis);
  return axis_back(ctx, fn::softmax_last(ctx, x).probabilities, axis);
}
// p (g - Σ p g)
void softmax_backward(Ctx& ctx, const Call& call, const Value& out, const std::any&, const Secret<Real>& grad,
                      std::span<Grad* const> to) {
  if (to[0] == nullptr) return;
  const std::size_t axis = axis_in(call), last = grad.shape().size() - 1;
  const Secret<Real> p = axis_last(ctx, out.as_secret(ctx), axis), g = axis_last(ctx, grad, axis);
  Shape row = p.shape();
  row.back() = 1;
  const Secret<Real> mean = fn::trunc(ctx, fn::sum(ctx, fn::mul(ctx, p, g), {&last, 1}));
  const Secret<Real> centred = fn::sub(ctx, g, fn::broadcast_to(ctx, fn::reshape(ctx, mean, row), g.shape()));
  to[0]->add(ctx, axis_back(ctx, fn::trunc(ctx, fn::mul(ctx, p, centred)), axis));
}

Value log_softmax_forward(Ctx& ctx, const Call& call, std::any* saved) {
  const std::size_t axis = axis_in(call);
  const Secret<Real> x = axis_last(ctx, call.input(0).as_secret(ctx), axis);
  fn::Softmax s = fn::softmax_last(ctx, x);
  Shape row = x.shape();
  row.back() = 1;
  const Secret<Real> log = fn::log_up_to(ctx, s.sum, static_cast<double>(x.shape().back()) + 0.25);
  const Secret<Real> spread = fn::broadcast_to(ctx, fn::reshape(ctx, log, row), x.shape());
  if (saved != nullptr) *saved = std::move(s.probabilities);
  return axis_back(ctx, fn::sub(ctx, s.shifted, spread), axis);
}
// g - p Σ g
void log_softmax_backward(Ctx& ctx, const Call& call, const Value&, const std::any& saved,
                          const Secret<Real>& grad, std::span<Grad* const> to) {
  if (to[0] == nullptr) return;
  const std::size_t axis = axis_in(call);
  const Secret<Real> g = axis_last(ctx, grad, axis);
  const Secret<Real> part =
      fn::trunc(ctx, fn::mul(ctx, std::any_cast<const Secret<Real>&>(saved), row_sums(ctx, g)));
  to[0]->add(ctx, axis_back(ctx, fn::sub(ctx, g, part), axis));
}

Shape reduced_shape(std::span<const Shape> in, const Attrs& attrs) {
  require(elements(in[0]) > 0, "nothing can be made of no numbers");
  return without(in[0], axes_of(attrs, in[0]), attrs.integer("keepdims", 1) != 0);
}
struct SumSaved {
  Secret<Real> powers, sum;  ///< e^(x - max), [count, ..], and their sum
};
// max + log Σ e^(x - max)
Value log_sum_forward(Ctx& ctx, const Call& call, std::any* saved) {
  const Secret<Real> whole = call.input(0).as_secret(ctx);
  const Secret<Real> x = axes_first(ctx, whole, axes_of(call.attrs, whole.shape()));
  const std::size_t first = 0;
  const Secret<Real> top = fn::tournament(ctx, x).value;
  Secret<Real> powers = fn::exp_nonpositive(ctx, fn::sub(ctx, x, fn::broadcast_to(ctx, top, x.shape())));
  Secret<Real> sum = fn::sum(ctx, powers, {&first, 1});
  const Secret<Real> log = fn::log_up_to(ctx, sum, static_cast<double>(x.shape()[0]) + 0.25);
  if (saved != nullptr) *saved = SumSaved{std::move(powers), std::move(sum)};
  return fn::reshape(ctx, fn::add(ctx, top, log), reduced_shape({&whole.shape(), 1}, call.attrs));
}
void log_sum_backward(Ctx& ctx, const Call& call, const Value&, const std::any& saved,
                      const Secret<Real>& grad, std::span<Grad* const> to) {
  if (to[0] == nullptr) return;
  const auto& s = std::any_cast<const SumSaved&>(saved);
  const Shape& x = call.input(0).shape();
  const Secret<Real> inverse =
      fn::reciprocal_up_to(ctx, s.sum, static_cast<double>(s.powers.shape()[0]) + 0.25);
  const Secret<Real> each = fn::trunc(ctx, fn::mul(ctx, fn::reshape(ctx, grad, s.sum.shape()), inverse));
  const Secret<Real> spread =
      fn::trunc(ctx, fn::mul(ctx, s.powers, fn::broadcast_to(ctx, each, s.powers.shape())));
  to[0]->add(ctx, axes_back(ctx, spread, axes_of(call.attrs, x), x));
}

}  // namespace

const Op kReduceLogSumExp{"ReduceLogSumExp", "log Σ e^x along axes", 1, 1, reduced_shape,
                          log_sum_forward,   log_sum_backward};
const Op kLogSoftmax{"LogSoftmax",        "logarithm of Softmax", 1, 1, shape,
                     log_softmax_forward, log_softmax_backward};
const Op kSoftmax{"Softmax",       "e^x over its sum along an axis", 1, 1, shape, softmax_forward,
                  softmax_backward};

}  // namespace tacit::nn
