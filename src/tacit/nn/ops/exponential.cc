// Exp, Log, Sigmoid, Softplus, Tanh and Elu: look-ups in tables of fn/approx, which state domains and errors.
// The gradients are products with what forward found.
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

struct EluSaved {
  Secret<Bit> positive;
  Secret<Real> slope;  ///< alpha e^x where x < 0
};

// max(x, 0) + alpha (e^min(x, 0) - 1)
Value elu_forward(Ctx& ctx, const Call& call, std::any* saved) {
  const double alpha = call.attrs.real("alpha", 1), minus_alpha = -alpha;
  const Secret<Real> x = call.input(0).as_secret(ctx);
  fn::Rectified r = fn::relu(ctx, x);
  Secret<Real> curve = fn::exp_nonpositive(ctx, fn::sub(ctx, x, r.value));
  if (alpha != 1) curve = fn::scaled(ctx, curve, alpha);
  Secret<Real> y = fn::add(ctx, r.value, fn::add_public(ctx, curve, {&minus_alpha, 1}));
  if (saved != nullptr) *saved = EluSaved{std::move(r.positive), std::move(curve)};
  return y;
}
void elu_backward(Ctx& ctx, const Call&, const Value&, const std::any& saved, const Secret<Real>& grad,
                  std::span<Grad* const> to) {
  if (to[0] == nullptr) return;
  const auto& s = std::any_cast<const EluSaved&>(saved);
  to[0]->add(ctx, fn::select(ctx, s.positive, grad, fn::trunc(ctx, fn::mul(ctx, grad, s.slope))));
}

}  // namespace

const Op kElu{"Elu", "x, or alpha (e^x - 1) below 0", 1, 1, shape_of_first, elu_forward, elu_backward};
const Op kExp{"Exp", "e^x, for x up to 10.3", 1, 1, shape_of_first, forward<fn::exp>, exp_backward};
const Op kLog{"Log",       "natural logarithm, for x >= 2^-f", 1, 1, shape_of_first, forward<fn::log>,
              log_backward};
const Op kSigmoid{"Sigmoid", "1/(1 + e^-x)", 1, 1, shape_of_first, forward<fn::sigmoid>, sigmoid_backward};
const Op kSoftplus{"Softplus",       "log(1 + e^x)", 1, 1, shape_of_first, forward<fn::softplus>,
                   softplus_backward};
const Op kTanh{"Tanh", "hyperbolic tangent", 1, 1, shape_of_first, forward<fn::tanh>, tanh_backward};

}  // namespace tacit::nn
