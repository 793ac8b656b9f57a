// Functions made of straight pieces: Abs, Clip, HardSigmoid, HardSwish, LeakyRelu, PRelu, ThresholdedRelu.
// One comparison an element (two at once where there are two bends); which piece it was is kept for the
// gradient.
#include "tacit/base/error.h"
#include "tacit/nn/ops/axes.h"
#include "tacit/nn/ops/ops.h"

namespace tacit::nn {

namespace {

template <class T>
void keep(std::any* saved, T value) {
  if (saved != nullptr) *saved = std::move(value);
}
const Secret<Bit>& bit_in(const std::any& saved) { return std::any_cast<const Secret<Bit>&>(saved); }

// |x| = 2 max(x, 0) - x
Value abs_forward(Ctx& ctx, const Call& call, std::any* saved) {
  const Secret<Real> x = call.input(0).as_secret(ctx);
  fn::Rectified r = fn::relu(ctx, x);
  keep(saved, std::move(r.positive));
  return fn::sub(ctx, fn::scale(ctx, r.value, 2), x);
}
void abs_backward(Ctx& ctx, const Call&, const Value&, const std::any& saved, const Secret<Real>& grad,
                  std::span<Grad* const> to) {
  if (to[0] == nullptr) return;
  to[0]->add(ctx, fn::sub(ctx, fn::scale(ctx, fn::select(ctx, bit_in(saved), grad), 2), grad));
}

fn::Clipped clip(Ctx& ctx, const Secret<Real>& x, const Attrs& attrs) {
  const bool below = attrs.has("min"), above = attrs.has("max");
  const double low = attrs.real("min", 0), high = attrs.real("max", 0), minus_low = -low;
  if (below && above) return fn::clipped(ctx, x, low, high);
  if (below) {
    fn::Rectified r = fn::relu(ctx, fn::add_public(ctx, x, {&minus_low, 1}));
    return {fn::add_public(ctx, r.value, {&low, 1}), std::move(r.positive)};
  }
  // min(x, high) = high - max(high - x, 0)
  fn::Rectified r = fn::relu(ctx, fn::add_public(ctx, fn::negate(ctx, x), {&high, 1}));
  return {fn::add_public(ctx, fn::negate(ctx, r.value), {&high, 1}), std::move(r.positive)};
}
Shape clip_shape(std::span<const Shape> in, const Attrs& attrs) {
  const double low = attrs.real("min", 0), high = attrs.real("max", 0);
  require(!attrs.has("min") || !attrs.has("max") || low < high, "a clip from {} to {} leaves nothing", low,
          high);
  return in[0];
}
Value clip_forward(Ctx& ctx, const Call& call, std::any* saved) {
  const Secret<Real> x = call.input(0).as_secret(ctx);
  if (!call.attrs.has("min") && !call.attrs.has("max")) return x;
  fn::Clipped c = clip(ctx, x, call.attrs);
  keep(saved, std::move(c.inside));
  return std::move(c.value);
}
void clip_backward(Ctx& ctx, const Call&, const Value&, const std::any& saved, const Secret<Real>& grad,
                   std::span<Grad* const> to) {
  if (to[0] == nullptr) return;
  to[0]->add(ctx, saved.has_value() ? fn::select(ctx, bit_in(saved), grad) : grad);
}

/// clip(alpha x + beta, 0, 1)
fn::Clipped hard_sigmoid(Ctx& ctx, const Secret<Real>& x, double alpha, double beta) {
  return fn::clipped(ctx, fn::add_public(ctx, fn::scaled(ctx, x, alpha), {&beta, 1}), 0, 1);
}
Value hard_sigmoid_forward(Ctx& ctx, const Call& call, std::any* saved) {
  fn::Clipped c = hard_sigmoid(ctx, call.input(0).as_secret(ctx), call.attrs.real("alpha", 0.2),
                               call.attrs.real("beta", 0.5));
  keep(saved, std::move(c.inside));
  return std::move(c.value);
}
void hard_sigmoid_backward(Ctx& ctx, const Call& call, const Value&, const std::any& saved,
                           const Secret<Real>& grad, std::span<Grad* const> to) {
  if (to[0] != nullptr)
    to[0]->add(ctx, fn::scaled(ctx, fn::select(ctx, bit_in(saved), grad), call.attrs.real("alpha", 0.2)));
}

// x h(x) with h = clip(x/6 + 1/2, 0, 1); its derivative is h + x/6 where h is neither 0 nor 1.
Value hard_swish_forward(Ctx& ctx, const Call& call, std::any* saved) {
  const Secret<Real> x = call.input(0).as_secret(ctx);
  fn::Clipped h = hard_sigmoid(ctx, x, 1.0 / 6, 0.5);
  Secret<Real> y = fn::trunc(ctx, fn::mul(ctx, x, h.value));
  keep(saved, std::move(h));
  return y;
}
void hard_swish_backward(Ctx& ctx, const Call& call, const Value&, const std::any& saved,
                         const Secret<Real>& grad, std::span<Grad* const> to) {
  if (to[0] == nullptr) return;
  const auto& h = std::any_cast<const fn::Clipped&>(saved);
  const Secret<Real> slope = fn::scaled(ctx, call.input(0).as_secret(ctx), 1.0 / 6);
  to[0]->add(ctx, fn::mul(ctx, grad, fn::add(ctx, h.value, fn::select(ctx, h.inside, slope))));
}

// max(x, 0) + alpha (x - max(x, 0))
Value leaky_forward(Ctx& ctx, const Call& call, std::any* saved) {
  const Secret<Real> x = call.input(0).as_secret(ctx);
  fn::Rectified r = fn::relu(ctx, x);
  keep(saved, std::move(r.positive));
  return fn::add(ctx, r.value, fn::scaled(ctx, fn::sub(ctx, x, r.value), call.attrs.real("alpha", 0.01)));
}
void leaky_backward(Ctx& ctx, const Call& call, const Value&, const std::any& saved, const Secret<Real>& grad,
                    std::span<Grad* const> to) {
  if (to[0] == nullptr) return;
  const Secret<Real> kept = fn::select(ctx, bit_in(saved), grad);
  to[0]->add(ctx,
             fn::add(ctx, kept, fn::scaled(ctx, fn::sub(ctx, grad, kept), call.attrs.real("alpha", 0.01))));
}

// x where it is above alpha
Value threshold_forward(Ctx& ctx, const Call& call, std::any* saved) {
  const double alpha = call.attrs.real("alpha", 1);
  const Secret<Real> x = call.input(0).as_secret(ctx);
  Secret<Bit> above = fn::is_negative(ctx, fn::add_public(ctx, fn::negate(ctx, x), {&alpha, 1}));
  Secret<Real> y = fn::select(ctx, above, x);
  keep(saved, std::move(above));
  return y;
}
void threshold_backward(Ctx& ctx, const Call&, const Value&, const std::any& saved, const Secret<Real>& grad,
                        std::span<Grad* const> to) {
  if (to[0] != nullptr) to[0]->add(ctx, fn::select(ctx, bit_in(saved), grad));
}

Shape prelu_shape(std::span<const Shape> in, const Attrs&) {
  require(broadcast(in[0], in[1]) == in[0], "slopes {} do not broadcast to {}", to_string(in[1]),
          to_string(in[0]));
  return in[0];
}
Value prelu_forward(Ctx& ctx, const Call& call, std::any* saved) {
  const Secret<Real> x = call.input(0).as_secret(ctx);
  fn::Rectified r = fn::relu(ctx, x);
  const Secret<Real> slope = fn::broadcast_to(ctx, call.input(1).as_secret(ctx), x.shape());
  Secret<Real> y = fn::add(ctx, r.value, fn::trunc(ctx, fn::mul(ctx, fn::sub(ctx, x, r.value), slope)));
  keep(saved, std::move(r));
  return y;
}
void prelu_backward(Ctx& ctx, const Call& call, const Value&, const std::any& saved, const Secret<Real>& grad,
                    std::span<Grad* const> to) {
  const auto& r = std::any_cast<const fn::Rectified&>(saved);
  const Secret<Real> x = call.input(0).as_secret(ctx), kept = fn::select(ctx, r.positive, grad);
  if (to[0] != nullptr) {
    const Secret<Real> slope = fn::broadcast_to(ctx, call.input(1).as_secret(ctx), x.shape());
    to[0]->add(ctx, kept);
    to[0]->add(ctx, fn::mul(ctx, fn::sub(ctx, grad, kept), slope));
  }
  if (to[1] != nullptr)
    to[1]->add(ctx, fn::sum_to(ctx, fn::mul(ctx, fn::sub(ctx, grad, kept), fn::sub(ctx, x, r.value)),
                               call.input(1).shape()));
}

}  // namespace

const Op kAbs{"Abs", "magnitude", 1, 1, shape_of_first, abs_forward, abs_backward};
const Op kClip{"Clip", "kept between two constants", 1, 1, clip_shape, clip_forward, clip_backward};
const Op kHardSigmoid{
    "HardSigmoid",        "alpha x + beta, kept between 0 and 1", 1, 1, shape_of_first, hard_sigmoid_forward,
    hard_sigmoid_backward};
const Op kHardSwish{"HardSwish",        "x times its hard sigmoid", 1, 1, shape_of_first,
                    hard_swish_forward, hard_swish_backward};
const Op kLeakyRelu{"LeakyRelu",   "x, or alpha x below 0", 1, 1, shape_of_first,
                    leaky_forward, leaky_backward};
const Op kPRelu{"PRelu",       "x, or a trained slope times x below 0", 2, 2, prelu_shape, prelu_forward,
                prelu_backward};

const Op kThresholdedRelu{"ThresholdedRelu", "x above alpha, else 0", 1, 1, shape_of_first,
                          threshold_forward, threshold_backward};

}  // namespace tacit::nn
