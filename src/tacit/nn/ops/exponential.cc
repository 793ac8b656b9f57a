// Exp, Log, Sigmoid, Softplus, Tanh, Erf, and Elu, Celu and Selu: look-ups in tables of fn/approx, which
// state domains and errors. The gradients are products with what forward found.
#include "tacit/base/error.h"
#include "tacit/nn/ops/axes.h"
#include "tacit/nn/ops/ops.h"

namespace tacit::nn {

namespace {

template <Secret<Real> (*kFunction)(Ctx&, const Secret<Real>&)>
Value forward(Ctx& ctx, const Call& call, std::any*) {
  return kFunction(ctx, call.input(0).as_secret(ctx));
}

Secret<Real> one_minus(Ctx& ctx, const Secret<Real>& x) {
  const double one = 1;
  return fn::add_public(ctx, fn::negate(ctx, x), {&one, 1});
}

void exp_backward(Ctx& ctx, const Call&, const Value& out, const std::any&, const Secret<Real>& grad,
                  std::span<Grad* const> to) {
  if (to[0] != nullptr) to[0]->add(ctx, fn::mul(ctx, grad, out.as_secret(ctx)));
}
void log_backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
                  std::span<Grad* const> to) {
  if (to[0] != nullptr)
    to[0]->add(ctx, fn::mul(ctx, grad, fn::reciprocal(ctx, call.input(0).as_secret(ctx))));
}
// σ' = σ (1 - σ)
void sigmoid_backward(Ctx& ctx, const Call&, const Value& out, const std::any&, const Secret<Real>& grad,
                      std::span<Grad* const> to) {
  if (to[0] == nullptr) return;
  const Secret<Real> y = out.as_secret(ctx);
  to[0]->add(ctx, fn::mul(ctx, grad, fn::trunc(ctx, fn::mul(ctx, y, one_minus(ctx, y)))));
}
void softplus_backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
                       std::span<Grad* const> to) {
  if (to[0] != nullptr) to[0]->add(ctx, fn::mul(ctx, grad, fn::sigmoid(ctx, call.input(0).as_secret(ctx))));
}
// tanh' = 1 - tanh²
void tanh_backward(Ctx& ctx, const Call&, const Value& out, const std::any&, const Secret<Real>& grad,
                   std::span<Grad* const> to) {
  if (to[0] == nullptr) return;
  const Secret<Real> y = out.as_secret(ctx);
  to[0]->add(ctx, fn::mul(ctx, grad, one_minus(ctx, fn::trunc(ctx, fn::mul(ctx, y, y)))));
}

void erf_backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
                  std::span<Grad* const> to) {
  if (to[0] != nullptr) to[0]->add(ctx, fn::mul(ctx, grad, fn::erf_slope(ctx, call.input(0).as_secret(ctx))));
}

/// outer·(max(x, 0) + alpha (e^(inner·min(x, 0)) - 1)): what Elu, Celu and Selu are.
struct Curve {
  double alpha, inner, outer;
};
Curve elu_curve(const Attrs& attrs) { return {attrs.real("alpha", 1), 1, 1}; }
Curve celu_curve(const Attrs& attrs) { return {attrs.real("alpha", 1), 1 / attrs.real("alpha", 1), 1}; }
Curve selu_curve(const Attrs& attrs) {
  return {attrs.real("alpha", 1.67326319217681884765625), 1, attrs.real("gamma", 1.05070102214813232421875)};
}

Secret<Real> unless_one(Ctx& ctx, const Secret<Real>& x, double factor) {
  return factor == 1 ? x : fn::scaled(ctx, x, factor);
}

struct CurveSaved {
  Secret<Bit> positive;
  Secret<Real> power;  ///< e^(inner·min(x, 0))
};

template <Curve (*kCurve)(const Attrs&)>
Shape curve_shape(std::span<const Shape> in, const Attrs& attrs) {
  const Curve c = kCurve(attrs);
  require(c.alpha > 0 && c.outer > 0, "alpha {} and gamma {} must be positive", c.alpha, c.outer);
  return in[0];
}
template <Curve (*kCurve)(const Attrs&)>
Value curve_forward(Ctx& ctx, const Call& call, std::any* saved) {
  const Curve c = kCurve(call.attrs);
  const Secret<Real> x = call.input(0).as_secret(ctx);
  fn::Rectified r = fn::relu(ctx, x);
  Secret<Real> power = fn::exp_nonpositive(ctx, unless_one(ctx, fn::sub(ctx, x, r.value), c.inner));
  const double height = c.outer * c.alpha, below = -height;
  const Secret<Real> bent = fn::add_public(ctx, unless_one(ctx, power, height), {&below, 1});
  Secret<Real> y = fn::add(ctx, unless_one(ctx, r.value, c.outer), bent);
  if (saved != nullptr) *saved = CurveSaved{std::move(r.positive), std::move(power)};
  return y;
}
template <Curve (*kCurve)(const Attrs&)>
void curve_backward(Ctx& ctx, const Call& call, const Value&, const std::any& saved, const Secret<Real>& grad,
                    std::span<Grad* const> to) {
  if (to[0] == nullptr) return;
  const Curve c = kCurve(call.attrs);
  const auto& s = std::any_cast<const CurveSaved&>(saved);
  const Secret<Real> slope = unless_one(ctx, s.power, c.outer * c.alpha * c.inner);
  to[0]->add(ctx, fn::select(ctx, s.positive, unless_one(ctx, grad, c.outer),
                             fn::trunc(ctx, fn::mul(ctx, grad, slope))));
}

}  // namespace

const Op kCelu{"Celu",
               "x, or alpha (e^(x/alpha) - 1) below 0",
               1,
               1,
               curve_shape<celu_curve>,
               curve_forward<celu_curve>,
               curve_backward<celu_curve>};
const Op kElu{"Elu",
              "x, or alpha (e^x - 1) below 0",
              1,
              1,
              curve_shape<elu_curve>,
              curve_forward<elu_curve>,
              curve_backward<elu_curve>};
const Op kErf{"Erf", "the error function", 1, 1, shape_of_first, forward<fn::erf>, erf_backward};
const Op kExp{"Exp", "e^x, for x up to 10.3", 1, 1, shape_of_first, forward<fn::exp>, exp_backward};
const Op kLog{"Log",       "natural logarithm, for x >= 2^-f", 1, 1, shape_of_first, forward<fn::log>,
              log_backward};
const Op kSelu{"Selu",
               "Elu of a given alpha, times gamma",
               1,
               1,
               curve_shape<selu_curve>,
               curve_forward<selu_curve>,
               curve_backward<selu_curve>};
const Op kSigmoid{"Sigmoid", "1/(1 + e^-x)", 1, 1, shape_of_first, forward<fn::sigmoid>, sigmoid_backward};
const Op kSoftplus{"Softplus",       "log(1 + e^x)", 1, 1, shape_of_first, forward<fn::softplus>,
                   softplus_backward};
const Op kTanh{"Tanh", "hyperbolic tangent", 1, 1, shape_of_first, forward<fn::tanh>, tanh_backward};

}  // namespace tacit::nn
