// Conv: two-dimensional convolution, NCHW, with strides, uneven padding, dilation and groups. One product,
// one truncation; gradients are two products.
#include "tacit/base/error.h"
#include "tacit/nn/ops/ops.h"
#include "tacit/nn/ops/window.h"

namespace tacit::nn {

namespace {

Shape shape(std::span<const Shape> in, const Attrs& attrs) {
  require(in[0].size() == 4 && in[1].size() == 4,
          "a convolution needs an input and weights of 4 axes, not {} and {}", to_string(in[0]),
          to_string(in[1]));
  if (in.size() > 2)
    require(in[2] == Shape{in[1][0]}, "a convolution to {} channels needs a bias of that many, not {}",
            in[1][0], to_string(in[2]));
  return Bilinear::convolution(window(attrs, in[0], in[1][2], in[1][3])).output_shape(in[0], in[1]);
}

Value forward(Ctx& ctx, const Call& call, std::any*) {
  const Secret<Real> x = call.input(0).as_secret(ctx), w = call.input(1).as_secret(ctx);
  const ConvGeometry g = window(call.attrs, x.shape(), w.shape()[2], w.shape()[3]);
  const Secret<Wide> y = fn::bilinear(ctx, Bilinear::convolution(g), x, w);
  if (!call.has(2)) return fn::trunc(ctx, y);
  const Secret<Real> bias = fn::reshape(ctx, call.input(2).as_secret(ctx), {w.shape()[0], 1, 1});
  return fn::trunc(ctx, fn::add(ctx, y, fn::lift(ctx, bias)));
}

void backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
              std::span<Grad* const> to) {
  const Secret<Real> x = call.input(0).as_secret(ctx), w = call.input(1).as_secret(ctx);
  const ConvGeometry g = window(call.attrs, x.shape(), w.shape()[2], w.shape()[3]);
  if (to[0] != nullptr)
    to[0]->add(ctx, fn::bilinear(ctx,
                                 {.kind = Bilinear::Kind::ConvGradInput,
                                  .conv = g,
                                  .input_h = x.shape()[2],
                                  .input_w = x.shape()[3]},
                                 grad, w));
  if (to[1] != nullptr)
    to[1]->add(ctx, fn::bilinear(ctx,
                                 {.kind = Bilinear::Kind::ConvGradWeight,
                                  .conv = g,
                                  .kernel_h = w.shape()[2],
                                  .kernel_w = w.shape()[3]},
                                 x, grad));
  if (to.size() > 2 && to[2] != nullptr) {
    const std::size_t axes[] = {0, 2, 3};
    to[2]->add(ctx, fn::sum(ctx, grad, axes));
  }
}

}  // namespace

const Op kConv{"Conv", "two-dimensional convolution", 2, 3, shape, forward, backward};

}  // namespace tacit::nn
