// ArgMax and ArgMin, and OneHot of secret places: where the largest or smallest stands, and a row of bits for
// each place. Neither has a gradient. An embedding of secret indices is OneHot and MatMul.
#include <cmath>

#include "tacit/base/error.h"
#include "tacit/nn/ops/axes.h"
#include "tacit/nn/ops/ops.h"

namespace tacit::nn {

namespace {

std::size_t axis_in(const Attrs& attrs, const Shape& shape) {
  return axis_of(attrs.integer("axis", 0), shape);
}

Shape argmax_shape(std::span<const Shape> in, const Attrs& attrs) {
  const std::size_t axis[] = {axis_in(attrs, in[0])};
  return without(in[0], axis, attrs.integer("keepdims", 1) != 0);
}
template <bool kLargest>
Value argmax_forward(Ctx& ctx, const Call& call, std::any*) {
  Secret<Real> x = axis_last(ctx, call.input(0).as_secret(ctx), axis_in(call.attrs, call.input(0).shape()));
  if (!kLargest) x = fn::negate(ctx, x);
  const Shape in[] = {call.input(0).shape()};
  const Shape out = argmax_shape(in, call.attrs);
  if (call.attrs.integer("select_last_index", 0) == 0) return fn::reshape(ctx, fn::argmax_place(ctx, x), out);
  // The last of equals is the first from behind.
  auto strides = row_major_strides(x.shape());
  strides.back() = ~std::size_t{0};
  const double last = static_cast<double>(x.shape().back() - 1);
  x = fn::strided(ctx, x, x.shape().back() - 1, strides, x.shape());
  return fn::reshape(ctx, fn::add_public(ctx, fn::negate(ctx, fn::argmax_place(ctx, x)), {&last, 1}), out);
}

/// Where the new axis stands in the result, of one axis more.
std::size_t new_axis(const Attrs& attrs, const Shape& in) {
  return axis_of(attrs.integer("axis", -1), Shape(in.size() + 1, 1));
}
std::size_t depth_of(const Attrs& attrs) {
  const std::int64_t depth = attrs.integer("depth");
  require(depth > 0 && depth < (1 << 24), "one-hot rows cannot have {} places", depth);
  return static_cast<std::size_t>(depth);
}
Shape one_hot_shape(std::span<const Shape> in, const Attrs& attrs) {
  Shape out = in[0];
  out.insert(out.begin() + static_cast<std::ptrdiff_t>(new_axis(attrs, in[0])), depth_of(attrs));
  return out;
}

PublicTensor known_one_hot(const PublicTensor& indices, const Attrs& attrs, double off, double on) {
  const std::size_t depth = depth_of(attrs), axis = new_axis(attrs, indices.shape);
  PublicTensor out{one_hot_shape({&indices.shape, 1}, attrs), {}};
  out.values.assign(elements(out.shape), off);
  const std::size_t after = row_major_strides(out.shape)[axis];
  for (std::size_t i = 0; i < indices.values.size(); ++i) {
    const double at =
        indices.values[i] < 0 ? indices.values[i] + static_cast<double>(depth) : indices.values[i];
    if (at < 0 || at >= static_cast<double>(depth)) continue;
    out.values[(i / after * depth + static_cast<std::size_t>(at)) * after + i % after] = on;
  }
  return out;
}

/// [rows, depth]: bits of x >= k - 1/2 for k = 0..depth, of which neighbours differ at x alone.
Secret<Bit> one_hot(Ctx& ctx, const Secret<Real>& x, std::size_t depth) {
  const std::size_t rows = x.size();
  std::vector<std::size_t> spread(rows * (depth + 1));
  std::vector<double> bounds(spread.size());
  for (std::size_t k = 0; k <= depth; ++k)
    for (std::size_t r = 0; r < rows; ++r) {
      spread[k * rows + r] = r;
      bounds[k * rows + r] = 0.5 - static_cast<double>(k);
    }
  const Secret<Real> distance = fn::add_public(ctx, fn::gather(ctx, x, spread, {depth + 1, rows}), bounds);
  const Secret<Bit> below = fn::is_negative(ctx, distance);
  const std::size_t strides[] = {1, rows};
  const Shape shape{rows, depth};
  return fn::bit_xor(ctx, fn::strided(ctx, below, 0, strides, shape),
                     fn::strided(ctx, below, rows, strides, shape));
}

Value one_hot_forward(Ctx& ctx, const Call& call, std::any*) {
  const auto values = call.attrs.reals("values", {0, 1});
  require(values.size() == 2, "one-hot rows need two values, off and on, not {}", values.size());
  const double off = values[0], on = values[1];
  const Value& indices = call.input(0);
  if (!indices.is_secret()) return known_one_hot(indices.known(""), call.attrs, off, on);
  const std::size_t depth = depth_of(call.attrs), axis = new_axis(call.attrs, indices.shape());
  // Negative places count from the end.
  const Secret<Bit> negative = fn::is_negative(ctx, indices.secret(""));
  const double places = static_cast<double>(depth);
  const Secret<Real> shift = fn::scale_each(ctx, fn::to_real(ctx, negative), {&places, 1});
  Secret<Real> hot = fn::to_real(ctx, one_hot(ctx, fn::add(ctx, indices.secret(""), shift), depth));
  if (off != 0 || on != 1) {
    const double step = on - off;
    hot = step == std::nearbyint(step) ? fn::scale_each(ctx, hot, {&step, 1}) : fn::scaled(ctx, hot, step);
    hot = fn::add_public(ctx, hot, {&off, 1});
  }
  Shape last = indices.shape();
  last.push_back(depth);
  return axis_back(ctx, fn::reshape(ctx, hot, last), axis);
}

}  // namespace

const Op kArgMax{"ArgMax", "place of the largest along an axis", 1, 1, argmax_shape, argmax_forward<true>,
                 nullptr};
const Op kArgMin{"ArgMin", "place of the smallest along an axis", 1, 1, argmax_shape, argmax_forward<false>,
                 nullptr};
const Op kOneHot{"OneHot", "a row with one place set for each index", 1, 1, one_hot_shape, one_hot_forward,
                 nullptr};

}  // namespace tacit::nn
