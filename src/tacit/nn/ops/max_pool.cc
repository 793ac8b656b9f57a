// MaxPool: the largest of each window, by a tournament among the window's positions, each taken as one tensor.
// Padding never wins: it is a number below every other (-2^(46-2f), far below what activations reach).
#include <cmath>

#include "tacit/base/error.h"
#include "tacit/nn/ops/ops.h"
#include "tacit/nn/ops/window.h"

namespace tacit::nn {

namespace {

struct Pool {
  ConvGeometry g;
  std::size_t kernel_h, kernel_w;
  Shape padded, out;

  Pool(const Attrs& attrs, const Shape& x) {
    const auto kernel = attrs.integers("kernel_shape");
    require(kernel.size() == 2 && kernel[0] > 0 && kernel[1] > 0, "the attribute 'kernel_shape' needs two positive numbers");
    kernel_h = static_cast<std::size_t>(kernel[0]), kernel_w = static_cast<std::size_t>(kernel[1]);
    g = window(attrs, x, kernel_h, kernel_w);
    out = windows_shape(g, x, kernel_h, kernel_w, attrs.integer("ceil_mode", 0) != 0);
    padded = {x[0], x[1], std::max(x[2] + g.pad_top + g.pad_bottom, (out[2] - 1) * g.stride_h + g.dilation_h * (kernel_h - 1) + 1),
              std::max(x[3] + g.pad_left + g.pad_right, (out[3] - 1) * g.stride_w + g.dilation_w * (kernel_w - 1) + 1)};
  }
  bool pads(const Shape& x) const { return padded != x; }
  std::vector<std::size_t> strides() const {
    const auto s = row_major_strides(padded);
    return {s[0], s[1], s[2] * g.stride_h, s[3] * g.stride_w};
  }
  std::size_t offset(std::size_t y, std::size_t x) const { return y * g.dilation_h * padded[3] + x * g.dilation_w; }
  std::size_t inside() const { return g.pad_top * padded[3] + g.pad_left; }
  bool overlaps() const { return kernel_h > g.stride_h || kernel_w > g.stride_w || g.dilation_h > 1 || g.dilation_w > 1; }
};

Shape shape(std::span<const Shape> in, const Attrs& attrs) { return Pool(attrs, in[0]).out; }

Value forward(Ctx& ctx, const Call& call, std::any* saved) {
  const Secret<Real> input = call.input(0).as_secret(ctx);
  const Pool pool(call.attrs, input.shape());
  std::optional<Secret<Real>> canvas;
  if (pool.pads(input.shape())) {
    const double lowest = -std::ldexp(1.0, static_cast<int>(61 - 2 * ctx.frac));
    canvas = fn::constant(ctx, {pool.padded, std::vector<double>(elements(pool.padded), lowest)});
    canvas = fn::placed(ctx, std::move(*canvas), pool.inside(), row_major_strides(pool.padded), input);
  }
  const Secret<Real>& x = canvas ? *canvas : input;
  std::vector<Secret<Real>> positions;
  for (std::size_t y = 0; y < pool.kernel_h; ++y)
    for (std::size_t z = 0; z < pool.kernel_w; ++z)
      positions.push_back(fn::strided(ctx, x, pool.offset(y, z), pool.strides(), pool.out));
  fn::Tournament game = fn::tournament(ctx, std::move(positions));
  Secret<Real> out = game.value;
  if (saved != nullptr) *saved = std::move(game);
  return out;
}

void backward(Ctx& ctx, const Call& call, const Value&, const std::any& saved, const Secret<Real>& grad,
              std::span<Grad* const> to) {
  if (to[0] == nullptr) return;
  const Pool pool(call.attrs, call.input(0).shape());
  const auto prizes = fn::award(ctx, std::any_cast<const fn::Tournament&>(saved), grad);
  Secret<Real> canvas = fn::zeros(ctx, pool.padded);
  for (std::size_t i = 0; i < prizes.size(); ++i) {
    const std::size_t at = pool.offset(i / pool.kernel_w, i % pool.kernel_w);
    if (pool.overlaps())
      canvas = fn::add(ctx, canvas, fn::placed(ctx, fn::zeros(ctx, pool.padded), at, pool.strides(), prizes[i]));
    else
      canvas = fn::placed(ctx, std::move(canvas), at, pool.strides(), prizes[i]);
  }
  to[0]->add(ctx, fn::strided(ctx, canvas, pool.inside(), row_major_strides(pool.padded), call.input(0).shape()));
}

}  // namespace

const Op kMaxPool{"MaxPool", "largest of each window", 1, 1, shape, forward, backward};

}  // namespace tacit::nn
