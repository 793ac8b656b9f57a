// Add, Sub, Mul, Div, Sum, Mean and Neg with broadcasting. Sums and products with public integers are free;
// other public factors cost a truncation, a product of two secrets that and a product, a secret divisor a
// reciprocal more.
#include <algorithm>
#include <cmath>

#include "tacit/base/error.h"
#include "tacit/nn/ops/axes.h"
#include "tacit/nn/ops/ops.h"

namespace tacit::nn {

namespace {

Secret<Real> spread(Ctx& ctx, const Call& call, std::size_t i) {
  return fn::broadcast_to(ctx, call.input(i).as_secret(ctx), broadcast_all(call.shapes(), call.attrs));
}

Value sum_forward(Ctx& ctx, const Call& call, std::any*) {
  Secret<Real> total = spread(ctx, call, 0);
  for (std::size_t i = 1; i < call.in.size(); ++i) total = fn::add(ctx, total, call.input(i).as_secret(ctx));
  return total;
}
void sum_backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
                  std::span<Grad* const> to) {
  for (std::size_t i = 0; i < to.size(); ++i)
    if (to[i] != nullptr) to[i]->add(ctx, fn::sum_to(ctx, grad, call.input(i).shape()));
}

Value mean_forward(Ctx& ctx, const Call& call, std::any* saved) {
  return fn::scaled(ctx, sum_forward(ctx, call, saved).secret(""), 1 / static_cast<double>(call.in.size()));
}
void mean_backward(Ctx& ctx, const Call& call, const Value& out, const std::any& saved,
                   const Secret<Real>& grad, std::span<Grad* const> to) {
  sum_backward(ctx, call, out, saved, fn::scaled(ctx, grad, 1 / static_cast<double>(call.in.size())), to);
}

Value sub_forward(Ctx& ctx, const Call& call, std::any*) {
  return fn::sub(ctx, spread(ctx, call, 0), call.input(1).as_secret(ctx));
}
void sub_backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
                  std::span<Grad* const> to) {
  if (to[0] != nullptr) to[0]->add(ctx, fn::sum_to(ctx, grad, call.input(0).shape()));
  if (to[1] != nullptr) to[1]->add(ctx, fn::negate(ctx, fn::sum_to(ctx, grad, call.input(1).shape())));
}

/// x times public numbers that broadcast to its shape.
Secret<Real> times_known(Ctx& ctx, const Secret<Real>& x, const PublicTensor& t) {
  std::vector<double> factors;
  if (t.values.size() == 1)
    factors = t.values;
  else
    for (std::size_t at : broadcast_places(t.shape, x.shape())) factors.push_back(t.values[at]);
  const bool whole =
      std::all_of(factors.begin(), factors.end(), [](double v) { return v == std::nearbyint(v); });
  return whole ? fn::scale_each(ctx, x, factors) : fn::scaled(ctx, x, factors);
}

void add_product(Ctx& ctx, Grad* to, const Secret<Real>& grad, const Call& call, std::size_t other) {
  if (to == nullptr) return;
  const Shape& shape = call.input(1 - other).shape();
  const Value& factor = call.input(other);
  if (factor.is_secret())
    to->add(ctx, fn::sum_to(ctx, fn::mul(ctx, grad, spread(ctx, call, other)), shape));
  else
    to->add(ctx, fn::sum_to(ctx, times_known(ctx, grad, factor.known("")), shape));
}

Value mul_forward(Ctx& ctx, const Call& call, std::any*) {
  for (std::size_t i = 0; i < 2; ++i)
    if (!call.input(i).is_secret())
      return times_known(ctx, spread(ctx, call, 1 - i), call.input(i).known(""));
  return fn::trunc(ctx, fn::mul(ctx, spread(ctx, call, 0), spread(ctx, call, 1)));
}
void mul_backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
                  std::span<Grad* const> to) {
  for (std::size_t i = 0; i < 2; ++i) add_product(ctx, to[i], grad, call, 1 - i);
}

PublicTensor inverse(const PublicTensor& t) {
  PublicTensor out = t;
  for (double& v : out.values) {
    require(v != 0, "a constant divisor is 0");
    v = 1 / v;
  }
  return out;
}

// The divisor's reciprocal is taken in its own shape, before it is spread.
Value div_forward(Ctx& ctx, const Call& call, std::any* saved) {
  if (!call.input(1).is_secret())
    return times_known(ctx, spread(ctx, call, 0), inverse(call.input(1).known("")));
  Secret<Real> r = fn::reciprocal(ctx, call.input(1).secret(""));
  const Secret<Real> wide = fn::broadcast_to(ctx, r, broadcast_all(call.shapes(), call.attrs));
  if (saved != nullptr) *saved = std::move(r);
  if (!call.input(0).is_secret()) return times_known(ctx, wide, call.input(0).known(""));
  return fn::trunc(ctx, fn::mul(ctx, spread(ctx, call, 0), wide));
}
// g/b for a, and -(g/b)(a/b) for b
void div_backward(Ctx& ctx, const Call& call, const Value& out, const std::any& saved,
                  const Secret<Real>& grad, std::span<Grad* const> to) {
  const Shape &a = call.input(0).shape(), &b = call.input(1).shape();
  if (!call.input(1).is_secret()) {
    if (to[0] != nullptr)
      to[0]->add(ctx, fn::sum_to(ctx, times_known(ctx, grad, inverse(call.input(1).known(""))), a));
    return;
  }
  const Secret<Real> wide = fn::broadcast_to(ctx, std::any_cast<const Secret<Real>&>(saved), grad.shape());
  const Secret<Real> quotient = fn::trunc(ctx, fn::mul(ctx, grad, wide));
  if (to[0] != nullptr) to[0]->add(ctx, fn::sum_to(ctx, quotient, a));
  if (to[1] != nullptr)
    to[1]->add(ctx, fn::negate(ctx, fn::sum_to(ctx, fn::mul(ctx, quotient, out.as_secret(ctx)), b)));
}

Value neg_forward(Ctx& ctx, const Call& call, std::any*) {
  return fn::negate(ctx, call.input(0).as_secret(ctx));
}
void neg_backward(Ctx& ctx, const Call&, const Value&, const std::any&, const Secret<Real>& grad,
                  std::span<Grad* const> to) {
  if (to[0] != nullptr) to[0]->add(ctx, fn::negate(ctx, grad));
}

}  // namespace

const Op kAdd{"Add", "sum of two tensors", 2, 2, broadcast_all, sum_forward, sum_backward};
const Op kDiv{"Div", "quotient of two tensors", 2, 2, broadcast_all, div_forward, div_backward};
const Op kMean{"Mean", "mean of several tensors", 1, 1 << 20, broadcast_all, mean_forward, mean_backward};
const Op kMul{"Mul", "product element by element", 2, 2, broadcast_all, mul_forward, mul_backward};
const Op kNeg{"Neg", "the negative", 1, 1, shape_of_first, neg_forward, neg_backward};
const Op kSub{"Sub", "difference of two tensors", 2, 2, broadcast_all, sub_forward, sub_backward};
const Op kSum{"Sum", "sum of several tensors", 1, 1 << 20, broadcast_all, sum_forward, sum_backward};

}  // namespace tacit::nn
