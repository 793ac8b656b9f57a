// MaxPool: the largest of each window, by a tournament among the window's positions, each taken as one
// tensor. Padding never wins: it is a number below every other (-2^(61-2f), far below what activations
// reach).
#include <cmath>

#include "tacit/nn/ops/ops.h"
#include "tacit/nn/ops/window.h"

namespace tacit::nn {

namespace {

Shape shape(std::span<const Shape> in, const Attrs& attrs) { return Windows(attrs, in[0]).shape(); }

Value forward(Ctx& ctx, const Call& call, std::any* saved) {
  const Secret<Real> x = call.input(0).as_secret(ctx);
  const double lowest = -std::ldexp(1.0, 61 - 2 * static_cast<int>(ctx.frac));
  fn::Tournament game = fn::tournament(ctx, Windows(call.attrs, x.shape()).take(ctx, x, lowest));
  Secret<Real> out = game.value;
  if (saved != nullptr) *saved = std::move(game);
  return out;
}

void backward(Ctx& ctx, const Call& call, const Value&, const std::any& saved, const Secret<Real>& grad,
              std::span<Grad* const> to) {
  if (to[0] == nullptr) return;
  const Secret<Real> prizes = fn::award(ctx, std::any_cast<const fn::Tournament&>(saved), grad);
  to[0]->add(ctx, Windows(call.attrs, call.input(0).shape()).give_back(ctx, prizes));
}

}  // namespace

const Op kMaxPool{"MaxPool", "largest of each window", 1, 1, shape, forward, backward};

}  // namespace tacit::nn
