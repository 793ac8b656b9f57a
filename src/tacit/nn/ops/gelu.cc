// Gelu (Hendrycks, Gimpel 2016): x Φ(x), and the same with a tanh for Φ. One look-up in a table of fn/approx
// for the function, one for its gradient; no product.
#include "tacit/base/error.h"
#include "tacit/nn/ops/axes.h"
#include "tacit/nn/ops/ops.h"

namespace tacit::nn {

namespace {

bool by_tanh(const Attrs& attrs) { return attrs.text("approximate", "none") == "tanh"; }

Shape shape(std::span<const Shape> in, const Attrs& attrs) {
  const std::string form = attrs.text("approximate", "none");
  require(form == "none" || form == "tanh", "a Gelu approximated by '{}' is not known: use 'none' or 'tanh'",
          form);
  return shape_of_first(in, attrs);
}
Value forward(Ctx& ctx, const Call& call, std::any*) {
  const Secret<Real> x = call.input(0).as_secret(ctx);
  return by_tanh(call.attrs) ? fn::gelu_by_tanh(ctx, x) : fn::gelu(ctx, x);
}
void backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
              std::span<Grad* const> to) {
  if (to[0] == nullptr) return;
  const Secret<Real> x = call.input(0).as_secret(ctx);
  to[0]->add(
      ctx, fn::mul(ctx, grad, by_tanh(call.attrs) ? fn::gelu_by_tanh_slope(ctx, x) : fn::gelu_slope(ctx, x)));
}

}  // namespace

const Op kGelu{"Gelu", "x times the normal distribution's share below x", 1, 1, shape, forward, backward};

}  // namespace tacit::nn
