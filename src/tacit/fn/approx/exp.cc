// The exponential family. Arguments are clipped to the table's interval first, so that none is out of it.
#include <cmath>
#include <numbers>

#include "tacit/fn/access.h"
#include "tacit/fn/approx/approx.h"
#include "tacit/fn/approx/tables.h"

namespace tacit::fn {

namespace {
Secret<Real> table(Ctx& ctx, const Secret<Real>& x, const Piecewise& function) {
  return Access::seal<Real>(ctx.mpc.piecewise(Access::look(x), function, ctx.frac));
}
}  // namespace

Secret<Real> exp_nonpositive(Ctx& ctx, const Secret<Real>& x) {
  const double low = kExp.low, raise = -low;
  const Secret<Real> above = relu(ctx, add_public(ctx, x, {&raise, 1})).value;
  return table(ctx, add_public(ctx, above, {&low, 1}), kExp);
}

Secret<Real> exp(Ctx& ctx, const Secret<Real>& x) {
  return table(ctx, clip(ctx, x, kExpWide.low, 10.3), kExpWide);
}

Secret<Real> sigmoid(Ctx& ctx, const Secret<Real>& x) {
  return table(ctx, clip(ctx, x, kSigmoid.low, kSigmoid.high()), kSigmoid);
}

Secret<Real> tanh(Ctx& ctx, const Secret<Real>& x) {
  return table(ctx, clip(ctx, x, kTanh.low, kTanh.high()), kTanh);
}

Secret<Real> reciprocal_up_to(Ctx& ctx, const Secret<Real>& x, double limit) {
  if (limit <= kReciprocalTo16.high()) return table(ctx, x, kReciprocalTo16);
  if (limit <= kReciprocalTo64.high()) return table(ctx, x, kReciprocalTo64);
  return reciprocal(ctx, x);
}

Secret<Real> log_up_to(Ctx& ctx, const Secret<Real>& x, double limit) {
  if (limit <= kLogTo16.high()) return table(ctx, x, kLogTo16);
  if (limit <= kLogTo64.high()) return table(ctx, x, kLogTo64);
  return log(ctx, x);
}

Secret<Real> erf(Ctx& ctx, const Secret<Real>& x) {
  return table(ctx, clip(ctx, x, kErf.low, kErf.high()), kErf);
}

Secret<Real> erf_slope(Ctx& ctx, const Secret<Real>& x) {
  // Beyond the table's ends the slope is less than a unit, and the square would not fit.
  const Secret<Real> near = clip(ctx, x, kErf.low, kErf.high());
  const Secret<Real> e = exp_nonpositive(ctx, negate(ctx, trunc(ctx, mul(ctx, near, near))));
  return scaled(ctx, e, 2 / std::sqrt(std::numbers::pi));
}

namespace {

/// A function that is 0 below its table's interval and x above it.
Secret<Real> bent(Ctx& ctx, const Secret<Real>& x, const Piecewise& function) {
  // Both sides of the clip at once, as clip() does; what lies beyond is added again.
  const double raise = -function.low, lower = -function.high();
  const Secret<Real> above = add_public(ctx, x, {&raise, 1}), beyond = add_public(ctx, x, {&lower, 1});
  const Secret<Real>* both[] = {&above, &beyond};
  const Shape shapes[] = {x.shape(), x.shape()};
  const auto sides = split<Real>(ctx, relu(ctx, join<Real>(ctx, both)).value, shapes);
  const Secret<Real> inside = add_public(ctx, sub(ctx, sides[0], sides[1]), {&function.low, 1});
  return add(ctx, table(ctx, inside, function), sides[1]);
}

}  // namespace

Secret<Real> gelu(Ctx& ctx, const Secret<Real>& x) { return bent(ctx, x, kGelu); }
Secret<Real> gelu_by_tanh(Ctx& ctx, const Secret<Real>& x) { return bent(ctx, x, kGeluByTanh); }
Secret<Real> gelu_slope(Ctx& ctx, const Secret<Real>& x) {
  return table(ctx, clip(ctx, x, kGeluSlope.low, kGeluSlope.high()), kGeluSlope);
}
Secret<Real> gelu_by_tanh_slope(Ctx& ctx, const Secret<Real>& x) {
  return table(ctx, clip(ctx, x, kGeluByTanhSlope.low, kGeluByTanhSlope.high()), kGeluByTanhSlope);
}

Secret<Real> softplus(Ctx& ctx, const Secret<Real>& x) {
  // max(x, 0) + ln(1 + e^-|x|)
  const double one = 1;
  const Secret<Real> positive = relu(ctx, x).value;
  const Secret<Real> minus_magnitude = sub(ctx, x, scale(ctx, positive, 2));
  const Secret<Real> term = add_public(ctx, exp_nonpositive(ctx, minus_magnitude), {&one, 1});
  return add(ctx, positive, log_up_to(ctx, term, 2.25));
}

Softmax softmax_last(Ctx& ctx, const Secret<Real>& x) {
  const Shape& shape = x.shape();
  const std::size_t classes = shape.back(), last = shape.size() - 1;
  Shape row = shape;
  row.back() = 1;
  const Secret<Real> top = reshape(ctx, max_last(ctx, x), row);
  Secret<Real> shifted = sub(ctx, x, broadcast_to(ctx, top, shape));
  const Secret<Real> e = exp_nonpositive(ctx, shifted);
  // The largest term is 1, so the sum lies between 1 and the number of classes (and a few units).
  Secret<Real> total = sum(ctx, e, {&last, 1});
  const Secret<Real> inverse =
      reshape(ctx, reciprocal_up_to(ctx, total, static_cast<double>(classes) + 0.25), row);
  Secret<Real> p = trunc(ctx, mul(ctx, e, broadcast_to(ctx, inverse, shape)));
  return {std::move(p), std::move(shifted), std::move(total)};
}

}  // namespace tacit::fn
