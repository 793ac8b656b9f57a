// Add, Sub, Mul and Neg with broadcasting. Sums are free; a product with a constant costs a truncation, one of two
// secrets a product more.
#include "tacit/base/error.h"
#include "tacit/nn/ops/ops.h"

namespace tacit::nn {

namespace {

Shape broadcast_shape(std::span<const Shape> in, const Attrs&) { return broadcast(in[0], in[1]); }
Shape same_shape(std::span<const Shape> in, const Attrs&) { return in[0]; }

Secret<Real> spread(Ctx& ctx, const Call& call, std::size_t i) {
  const Shape out = broadcast(call.input(0).shape(), call.input(1).shape());
  return fn::broadcast_to(ctx, call.input(i).as_secret(ctx), out);
}

Value add_forward(Ctx& ctx, const Call& call, std::any*) { return fn::add(ctx, spread(ctx, call, 0), spread(ctx, call, 1)); }
void add_backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
                  std::span<Grad* const> to) {
  for (std::size_t i = 0; i < 2; ++i)
    if (to[i] != nullptr) to[i]->add(ctx, fn::sum_to(ctx, grad, call.input(i).shape()));
}

Value sub_forward(Ctx& ctx, const Call& call, std::any*) { return fn::sub(ctx, spread(ctx, call, 0), spread(ctx, call, 1)); }
void sub_backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
                  std::span<Grad* const> to) {
  if (to[0] != nullptr) to[0]->add(ctx, fn::sum_to(ctx, grad, call.input(0).shape()));
  if (to[1] != nullptr) to[1]->add(ctx, fn::negate(ctx, fn::sum_to(ctx, grad, call.input(1).shape())));
}

/// One factor public: its numbers, spread over the result.
std::vector<double> spread_known(const PublicTensor& t, const Shape& out) {
  const auto strides = broadcast_strides(t.shape, out), own = row_major_strides(out);
  std::vector<double> values(elements(out));
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::size_t at = 0;
    for (std::size_t axis = 0; axis < out.size(); ++axis) at += i / own[axis] % out[axis] * strides[axis];
    values[i] = t.values[at];
  }
  return values;
}

Secret<Wide> times(Ctx& ctx, const Call& call, std::size_t other, const Secret<Real>& x) {
  const Value& factor = call.input(other);
  if (!factor.is_secret()) return fn::mul_public(ctx, x, spread_known(factor.known(""), x.shape()));
  return fn::mul(ctx, x, spread(ctx, call, other));
}

Value mul_forward(Ctx& ctx, const Call& call, std::any*) {
  const std::size_t secret = call.input(0).is_secret() ? 0 : 1;
  return fn::trunc(ctx, times(ctx, call, 1 - secret, spread(ctx, call, secret)));
}
void mul_backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
                  std::span<Grad* const> to) {
  for (std::size_t i = 0; i < 2; ++i)
    if (to[i] != nullptr) to[i]->add(ctx, fn::sum_to(ctx, times(ctx, call, 1 - i, grad), call.input(i).shape()));
}

Value neg_forward(Ctx& ctx, const Call& call, std::any*) { return fn::negate(ctx, call.input(0).as_secret(ctx)); }
void neg_backward(Ctx& ctx, const Call&, const Value&, const std::any&, const Secret<Real>& grad,
                  std::span<Grad* const> to) {
  if (to[0] != nullptr) to[0]->add(ctx, fn::negate(ctx, grad));
}

}  // namespace

const Op kAdd{"Add", "sum, with broadcasting", 2, 2, broadcast_shape, add_forward, add_backward};
const Op kMul{"Mul", "product element by element, with broadcasting", 2, 2, broadcast_shape, mul_forward, mul_backward};
const Op kNeg{"Neg", "the negative", 1, 1, same_shape, neg_forward, neg_backward};
const Op kSub{"Sub", "difference, with broadcasting", 2, 2, broadcast_shape, sub_forward, sub_backward};

}  // namespace tacit::nn
