// Reciprocal, Softsign, Rsqrt (of tacit's own domain), Sqrt, and Pow with a public exponent: small integers,
// 1/2, -1/2. All by fn/approx's functions of any magnitude, which state domains and errors, and products.
#include <cmath>

#include "tacit/base/error.h"
#include "tacit/nn/ops/axes.h"
#include "tacit/nn/ops/ops.h"

namespace tacit::nn {

namespace {

using fn::mul;
using fn::trunc;

template <Secret<Real> (*kFunction)(Ctx&, const Secret<Real>&)>
Value forward(Ctx& ctx, const Call& call, std::any*) {
  return kFunction(ctx, call.input(0).as_secret(ctx));
}

Secret<Real> square(Ctx& ctx, const Secret<Real>& x) { return trunc(ctx, mul(ctx, x, x)); }

// (1/x)' = -(1/x)²
void reciprocal_backward(Ctx& ctx, const Call&, const Value& out, const std::any&, const Secret<Real>& grad,
                         std::span<Grad* const> to) {
  if (to[0] == nullptr) return;
  const Secret<Real> y = out.as_secret(ctx);
  to[0]->add(ctx, fn::negate(ctx, mul(ctx, trunc(ctx, mul(ctx, grad, y)), y)));
}
// x/(1 + |x|) as ±(1 - r), r = 1/(1 + |x|); its derivative is r².
Value softsign_forward(Ctx& ctx, const Call& call, std::any* saved) {
  const double one = 1;
  const Secret<Real> x = call.input(0).as_secret(ctx);
  const fn::Rectified side = fn::relu(ctx, x);
  const Secret<Real> magnitude = fn::sub(ctx, fn::scale(ctx, side.value, 2), x);
  Secret<Real> r = fn::reciprocal(ctx, fn::add_public(ctx, magnitude, {&one, 1}));
  const Secret<Real> y = fn::add_public(ctx, fn::negate(ctx, r), {&one, 1});
  if (saved != nullptr) *saved = std::move(r);
  return fn::sub(ctx, fn::scale(ctx, fn::select(ctx, side.positive, y), 2), y);
}
void softsign_backward(Ctx& ctx, const Call&, const Value&, const std::any& saved, const Secret<Real>& grad,
                       std::span<Grad* const> to) {
  if (to[0] != nullptr)
    to[0]->add(ctx, mul(ctx, grad, square(ctx, std::any_cast<const Secret<Real>&>(saved))));
}
// (x^-1/2)' = -(x^-1/2)³ / 2
void rsqrt_backward(Ctx& ctx, const Call&, const Value& out, const std::any&, const Secret<Real>& grad,
                    std::span<Grad* const> to) {
  if (to[0] == nullptr) return;
  const Secret<Real> y = out.as_secret(ctx);
  const Secret<Real> cube = trunc(ctx, mul(ctx, square(ctx, y), y));
  to[0]->add(ctx, fn::shift_down(ctx, fn::negate(ctx, mul(ctx, grad, cube)), 1));
}
// (x^1/2)' = x^-1/2 / 2
void sqrt_backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
                   std::span<Grad* const> to) {
  if (to[0] == nullptr) return;
  to[0]->add(ctx, fn::shift_down(ctx, mul(ctx, grad, fn::rsqrt(ctx, call.input(0).as_secret(ctx))), 1));
}

/// x^n for n >= 1, by squaring.
Secret<Real> integer_power(Ctx& ctx, Secret<Real> x, unsigned n) {
  std::optional<Secret<Real>> product;
  for (;; x = square(ctx, x)) {
    if ((n & 1) != 0) product = product ? trunc(ctx, mul(ctx, *product, x)) : x;
    if ((n >>= 1) == 0) return *product;
  }
}

Secret<Real> power(Ctx& ctx, const Secret<Real>& x, double exponent) {
  if (exponent == 0) return fn::constant(ctx, {x.shape(), std::vector<double>(x.size(), 1.0)});
  if (exponent == 0.5) return fn::sqrt(ctx, x);
  if (exponent == -0.5) return fn::rsqrt(ctx, x);
  const Secret<Real> base = exponent > 0 ? x : fn::reciprocal(ctx, x);
  return integer_power(ctx, base, static_cast<unsigned>(std::fabs(exponent)));
}

double exponent_of(const Call& call) {
  const PublicTensor& t = call.input(1).known("the exponent");
  require(t.values.size() == 1, "the exponent must be one number, not a tensor of shape {}",
          to_string(t.shape));
  const double n = t.values[0];
  require(n == 0.5 || n == -0.5 || (n == std::nearbyint(n) && std::fabs(n) <= 8),
          "the exponent {} is none of the integers from -8 to 8, 0.5 and -0.5", n);
  return n;
}
Value pow_forward(Ctx& ctx, const Call& call, std::any*) {
  return power(ctx, call.input(0).as_secret(ctx), exponent_of(call));
}
// n x^(n-1); for halves, powers of the root.
void pow_backward(Ctx& ctx, const Call& call, const Value& out, const std::any& saved,
                  const Secret<Real>& grad, std::span<Grad* const> to) {
  const double n = exponent_of(call);
  if (to[0] == nullptr) return;
  if (n == 0.5) return sqrt_backward(ctx, call, out, saved, grad, to);
  if (n == -0.5) return rsqrt_backward(ctx, call, out, saved, grad, to);
  if (n == 0) return to[0]->add(ctx, fn::zeros(ctx, grad.shape()));
  const Secret<Real> slope = power(ctx, call.input(0).as_secret(ctx), n - 1);
  to[0]->add(ctx, mul(ctx, fn::scale(ctx, grad, static_cast<std::int64_t>(n)), slope));
}

}  // namespace

const Op kPow{"Pow", "a power, of a public exponent", 2, 2, shape_of_first, pow_forward, pow_backward};
const Op kReciprocal{
    "Reciprocal", "1/x, for |x| >= 2^-f", 1, 1, shape_of_first, forward<fn::reciprocal>, reciprocal_backward};
const Op kRsqrt{"Rsqrt", "x^-1/2, for x >= 2^-f", 1, 1, shape_of_first, forward<fn::rsqrt>, rsqrt_backward};
const Op kSoftsign{"Softsign", "x/(1 + |x|)", 1, 1, shape_of_first, softsign_forward, softsign_backward};
const Op kSqrt{"Sqrt", "square root, for x >= 2^-f", 1, 1, shape_of_first, forward<fn::sqrt>, sqrt_backward};

}  // namespace tacit::nn
