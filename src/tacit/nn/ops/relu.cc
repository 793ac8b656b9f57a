// Relu: max(x, 0). One comparison fused with its product; the sign is kept for the gradient.
#include "tacit/nn/ops/ops.h"

namespace tacit::nn {

namespace {

Shape shape(std::span<const Shape> in, const Attrs&) { return in[0]; }

Value forward(Ctx& ctx, const Call& call, std::any* saved) {
  fn::Rectified r = fn::relu(ctx, call.input(0).as_secret(ctx));
  if (saved != nullptr) *saved = std::move(r.positive);
  return std::move(r.value);
}

void backward(Ctx& ctx, const Call&, const Value&, const std::any& saved, const Secret<Real>& grad,
              std::span<Grad* const> to) {
  if (to[0] != nullptr) to[0]->add(ctx, fn::select(ctx, std::any_cast<const Secret<Bit>&>(saved), grad));
}

}  // namespace

const Op kRelu{"Relu", "max(x, 0)", 1, 1, shape, forward, backward};

}  // namespace tacit::nn
