#include "tacit/nn/ops/axes.h"

#include <algorithm>
#include <numeric>

#include "tacit/base/error.h"

namespace tacit::nn {

namespace {

/// The order of axes in which the given ones come first.
std::vector<std::size_t> first_order(std::size_t rank, std::span<const std::size_t> axes) {
  std::vector<std::size_t> order(axes.begin(), axes.end());
  for (std::size_t i = 0; i < rank; ++i)
    if (std::find(axes.begin(), axes.end(), i) == axes.end()) order.push_back(i);
  return order;
}

std::vector<std::size_t> inverse(const std::vector<std::size_t>& order) {
  std::vector<std::size_t> back(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) back[order[i]] = i;
  return back;
}

std::vector<std::size_t> last_order(std::size_t rank, std::size_t axis) {
  std::vector<std::size_t> order(rank);
  std::iota(order.begin(), order.end(), std::size_t{0});
  order.erase(order.begin() + static_cast<std::ptrdiff_t>(axis));
  order.push_back(axis);
  return order;
}

}  // namespace

std::size_t axis_of(std::int64_t axis, const Shape& shape) {
  const auto rank = static_cast<std::int64_t>(shape.size());
  require(axis >= -rank && axis < rank, "a tensor of shape {} has no axis {}", to_string(shape), axis);
  return static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
}

std::vector<std::size_t> axes_of(const Attrs& attrs, const Shape& shape) {
  std::vector<std::size_t> axes;
  for (std::int64_t a : attrs.integers("axes", {})) axes.push_back(axis_of(a, shape));
  if (axes.empty() && attrs.integer("noop_with_empty_axes", 0) == 0) {
    axes.resize(shape.size());
    std::iota(axes.begin(), axes.end(), std::size_t{0});
  }
  std::sort(axes.begin(), axes.end());
  require(std::adjacent_find(axes.begin(), axes.end()) == axes.end(), "an axis is named twice");
  return axes;
}

Shape without(const Shape& shape, std::span<const std::size_t> axes, bool keep) {
  Shape out;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (std::find(axes.begin(), axes.end(), i) == axes.end())
      out.push_back(shape[i]);
    else if (keep)
      out.push_back(1);
  }
  return out;
}

Secret<Real> axis_last(Ctx& ctx, const Secret<Real>& x, std::size_t axis) {
  if (axis + 1 == x.shape().size()) return x;
  return fn::transpose(ctx, x, last_order(x.shape().size(), axis));
}
Secret<Real> axis_back(Ctx& ctx, const Secret<Real>& x, std::size_t axis) {
  if (axis + 1 == x.shape().size()) return x;
  return fn::transpose(ctx, x, inverse(last_order(x.shape().size(), axis)));
}

Secret<Real> axes_first(Ctx& ctx, const Secret<Real>& x, std::span<const std::size_t> axes) {
  Shape shape{1};
  for (std::size_t a : axes) shape[0] *= x.shape()[a];
  for (std::size_t extent : without(x.shape(), axes, false)) shape.push_back(extent);
  return fn::reshape(ctx, fn::transpose(ctx, x, first_order(x.shape().size(), axes)), shape);
}
Secret<Real> axes_back(Ctx& ctx, const Secret<Real>& x, std::span<const std::size_t> axes, const Shape& to) {
  const auto order = first_order(to.size(), axes);
  Shape moved;
  for (std::size_t a : order) moved.push_back(to[a]);
  return fn::transpose(ctx, fn::reshape(ctx, x, moved), inverse(order));
}

std::vector<std::size_t> broadcast_places(const Shape& from, const Shape& to) {
  const auto strides = broadcast_strides(from, to), own = row_major_strides(to);
  std::vector<std::size_t> places(elements(to));
  for (std::size_t i = 0; i < places.size(); ++i)
    for (std::size_t axis = 0; axis < to.size(); ++axis)
      places[i] += i / own[axis] % to[axis] * strides[axis];
  return places;
}

Shape broadcast_all(std::span<const Shape> in, const Attrs&) {
  Shape out = in[0];
  for (const Shape& s : in.subspan(1)) out = broadcast(out, s);
  return out;
}
Shape shape_of_first(std::span<const Shape> in, const Attrs&) { return in[0]; }

}  // namespace tacit::nn
