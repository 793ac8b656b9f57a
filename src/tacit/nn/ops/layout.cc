// Transpose, Expand, Tile and Concat: elements in another order, repeated, or side by side; free.
#include <algorithm>
#include <numeric>

#include "tacit/base/error.h"
#include "tacit/nn/ops/axes.h"
#include "tacit/nn/ops/ops.h"

namespace tacit::nn {

namespace {

/// The attribute 'perm'; reversed axes if it is missing.
std::vector<std::size_t> order_of(const Attrs& attrs, const Shape& shape) {
  std::vector<std::size_t> order(shape.size());
  std::iota(order.rbegin(), order.rend(), std::size_t{0});
  if (!attrs.has("perm")) return order;
  const auto perm = attrs.integers("perm");
  require(perm.size() == shape.size(), "a transposition of {} names {} axes", to_string(shape), perm.size());
  for (std::size_t i = 0; i < perm.size(); ++i) order[i] = axis_of(perm[i], shape);
  auto sorted = order;
  std::sort(sorted.begin(), sorted.end());
  require(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end(),
          "a transposition names an axis twice");
  return order;
}

Shape transpose_shape(std::span<const Shape> in, const Attrs& attrs) {
  Shape out;
  for (std::size_t axis : order_of(attrs, in[0])) out.push_back(in[0][axis]);
  return out;
}
Value transpose_forward(Ctx& ctx, const Call& call, std::any*) {
  const Secret<Real> x = call.input(0).as_secret(ctx);
  return fn::transpose(ctx, x, order_of(call.attrs, x.shape()));
}
void transpose_backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
                        std::span<Grad* const> to) {
  if (to[0] == nullptr) return;
  const auto order = order_of(call.attrs, call.input(0).shape());
  std::vector<std::size_t> back(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) back[order[i]] = i;
  to[0]->add(ctx, fn::transpose(ctx, grad, back));
}

Shape expand_shape(std::span<const Shape> in, const Attrs& attrs) {
  Shape wanted;
  for (std::int64_t d : attrs.integers("shape")) {
    require(d >= 0, "a shape cannot hold {}", d);
    wanted.push_back(static_cast<std::size_t>(d));
  }
  return broadcast(in[0], wanted);
}
Value expand_forward(Ctx& ctx, const Call& call, std::any*) {
  const Secret<Real> x = call.input(0).as_secret(ctx);
  return fn::broadcast_to(ctx, x, expand_shape({&x.shape(), 1}, call.attrs));
}
void expand_backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
                     std::span<Grad* const> to) {
  if (to[0] != nullptr) to[0]->add(ctx, fn::sum_to(ctx, grad, call.input(0).shape()));
}

/// The result with each axis as two: the repetitions, and the axis itself.
Shape tile_view(const Attrs& attrs, const Shape& in) {
  const auto repeats = attrs.integers("repeats");
  require(repeats.size() == in.size(), "a tensor of shape {} needs a repetition an axis, not {}",
          to_string(in), repeats.size());
  Shape view;
  for (std::size_t i = 0; i < in.size(); ++i) {
    require(repeats[i] > 0, "an axis cannot be repeated {} times", repeats[i]);
    view.push_back(static_cast<std::size_t>(repeats[i]));
    view.push_back(in[i]);
  }
  return view;
}
Shape tile_shape(std::span<const Shape> in, const Attrs& attrs) {
  const Shape view = tile_view(attrs, in[0]);
  Shape out;
  for (std::size_t i = 0; i < view.size(); i += 2) out.push_back(view[i] * view[i + 1]);
  return out;
}
Value tile_forward(Ctx& ctx, const Call& call, std::any*) {
  const Secret<Real> x = call.input(0).as_secret(ctx);
  std::vector<std::size_t> strides;
  for (std::size_t s : row_major_strides(x.shape())) strides.insert(strides.end(), {0, s});
  const Secret<Real> view = fn::strided(ctx, x, 0, strides, tile_view(call.attrs, x.shape()));
  return fn::reshape(ctx, view, tile_shape({&x.shape(), 1}, call.attrs));
}
void tile_backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
                   std::span<Grad* const> to) {
  if (to[0] == nullptr) return;
  const Shape view = tile_view(call.attrs, call.input(0).shape());
  std::vector<std::size_t> repetitions;
  for (std::size_t i = 0; i < view.size(); i += 2) repetitions.push_back(i);
  to[0]->add(ctx, fn::sum(ctx, fn::reshape(ctx, grad, view), repetitions));
}

Shape concat_shape(std::span<const Shape> in, const Attrs& attrs) {
  const std::size_t axis = axis_of(attrs.integer("axis"), in[0]);
  Shape out = in[0];
  for (const Shape& s : in.subspan(1)) {
    Shape rest = s;
    if (axis < rest.size()) rest[axis] = in[0][axis];
    require(rest == in[0], "{} and {} cannot stand side by side along axis {}", to_string(in[0]),
            to_string(s), axis);
    out[axis] += s[axis];
  }
  return out;
}
Value concat_forward(Ctx& ctx, const Call& call, std::any*) {
  const auto shapes = call.shapes();
  const Shape out = concat_shape(shapes, call.attrs);
  const std::size_t axis = axis_of(call.attrs.integer("axis"), shapes[0]);
  const auto strides = row_major_strides(out);
  Secret<Real> joined = fn::zeros(ctx, out);
  std::size_t at = 0;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    if (elements(shapes[i]) > 0)
      joined = fn::placed(ctx, std::move(joined), at * strides[axis], strides, call.input(i).as_secret(ctx));
    at += shapes[i][axis];
  }
  return joined;
}
void concat_backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
                     std::span<Grad* const> to) {
  const std::size_t axis = axis_of(call.attrs.integer("axis"), grad.shape());
  const auto strides = row_major_strides(grad.shape());
  std::size_t at = 0;
  for (std::size_t i = 0; i < to.size(); ++i) {
    const Shape& own = call.input(i).shape();
    if (to[i] != nullptr) to[i]->add(ctx, fn::strided(ctx, grad, at * strides[axis], strides, own));
    at += own[axis];
  }
}

}  // namespace

const Op kConcat{
    "Concat",       "tensors side by side along an axis", 1, 1 << 20, concat_shape, concat_forward,
    concat_backward};
const Op kExpand{"Expand", "repeated to a larger shape", 1, 1, expand_shape, expand_forward, expand_backward};
const Op kTile{"Tile", "repeated along axes", 1, 1, tile_shape, tile_forward, tile_backward};
const Op kTranspose{"Transpose",       "axes in another order", 1, 1, transpose_shape,
                    transpose_forward, transpose_backward};

}  // namespace tacit::nn
