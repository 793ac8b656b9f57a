// The same numbers arranged anew: reshaping, transposing, slicing, gathering, joining and repeating.
#include <algorithm>
#include <map>
#include <numeric>

#include "tacit/base/error.h"
#include "tacit/nn/graph/onnx_fold.h"

namespace tacit::nn::onnx_io {

namespace {

/// Element (i, j, ...) of the result is x[offset + i strides[0] + j strides[1] + ...].
Tensor strided(const Tensor& x, std::int64_t offset, const std::vector<std::int64_t>& strides,
               const Shape& shape) {
  Tensor out = blank(x.element, shape);
  const auto own = row_major_strides(shape);
  for (std::size_t i = 0; i < out.values.size(); ++i) {
    std::int64_t at = offset;
    for (std::size_t axis = 0; axis < shape.size(); ++axis)
      at += static_cast<std::int64_t>(i / own[axis] % shape[axis]) * strides[axis];
    out.values[i] = x.values.at(static_cast<std::size_t>(at));
  }
  return out;
}
std::vector<std::int64_t> whole(const std::vector<std::size_t>& strides) {
  return {strides.begin(), strides.end()};
}

Tensor with_shape(const Tensor& x, Shape shape) {
  require(elements(shape) == x.values.size(), "a tensor of shape {} cannot take the shape {}",
          to_string(x.shape), to_string(shape));
  return {x.element, std::move(shape), x.values};
}

Tensor identity(const FoldCall& call) { return call.input(0); }

Tensor constant(const FoldCall& call) {
  const Attrs& a = call.attrs;
  if (call.value != nullptr) return *call.value;
  if (a.has("value_float")) return {Element::Float, {}, {a.real("value_float", 0)}};
  if (a.has("value_int")) return {Element::Int, {}, {static_cast<double>(a.integer("value_int"))}};
  if (a.has("value_floats"))
    if (const auto* v = std::get_if<std::vector<double>>(&a.all().at("value_floats")))
      return {Element::Float, {v->size()}, *v};
  if (a.has("value_ints")) {
    const auto v = a.integers("value_ints");
    return {Element::Int, {v.size()}, {v.begin(), v.end()}};
  }
  throw UsageError("a constant needs numbers: sparse tensors and text are not read");
}

Tensor constant_of_shape(const FoldCall& call) {
  Shape shape;
  for (std::int64_t d : integers_of(call.input(0), "a shape")) {
    require(d >= 0, "a shape cannot hold {}", d);
    shape.push_back(static_cast<std::size_t>(d));
  }
  const Tensor zero{Element::Float, {1}, {0}};
  const Tensor& fill = call.value == nullptr ? zero : *call.value;
  require(fill.values.size() == 1, "the attribute 'value' needs one number");
  Tensor out = blank(fill.element, shape);
  std::fill(out.values.begin(), out.values.end(), fill.values[0]);
  return out;
}

Tensor transpose(const FoldCall& call) {
  const Tensor& x = call.input(0);
  std::vector<std::int64_t> order(x.shape.size());
  std::iota(order.rbegin(), order.rend(), 0);
  order = call.attrs.integers("perm", order);
  require(order.size() == x.shape.size(), "the attribute 'perm' needs {} axes, not {}", x.shape.size(),
          order.size());
  const auto own = row_major_strides(x.shape);
  Shape shape;
  std::vector<std::int64_t> strides;
  std::vector<bool> seen(order.size());
  for (std::int64_t o : order) {
    const std::size_t axis = axis_of(o, order.size());
    require(!seen[axis], "the attribute 'perm' names the axis {} twice", o);
    seen[axis] = true;
    shape.push_back(x.shape[axis]);
    strides.push_back(static_cast<std::int64_t>(own[axis]));
  }
  return strided(x, 0, strides, shape);
}

Tensor reshape(const FoldCall& call) {
  const Op* op = find_op("Reshape");
  ensure(op != nullptr, "there is a Reshape");
  Attrs attrs{{"shape", integers_of(call.input(1), "a shape")},
              {"allowzero", call.attrs.integer("allowzero", 0)}};
  const Shape in[] = {call.input(0).shape};
  return with_shape(call.input(0), op->shape(std::span<const Shape>(in), attrs));
}
Tensor flatten(const FoldCall& call) {
  const Op* op = find_op("Flatten");
  ensure(op != nullptr, "there is a Flatten");
  const Shape in[] = {call.input(0).shape};
  return with_shape(call.input(0), op->shape(std::span<const Shape>(in), call.attrs));
}

std::vector<std::int64_t> axes_of(const FoldCall& call) {
  return call.has(1) ? integers_of(call.input(1), "axes") : call.attrs.integers("axes", {});
}

Tensor squeeze(const FoldCall& call) {
  const Tensor& x = call.input(0);
  const auto axes = axes_of(call);
  std::vector<bool> gone(x.shape.size());
  for (std::int64_t a : axes) {
    const std::size_t axis = axis_of(a, x.shape.size());
    require(x.shape[axis] == 1, "the axis {} of {} cannot be squeezed", a, to_string(x.shape));
    gone[axis] = true;
  }
  Shape shape;
  for (std::size_t i = 0; i < x.shape.size(); ++i)
    if (axes.empty() ? x.shape[i] != 1 : !gone[i]) shape.push_back(x.shape[i]);
  return with_shape(x, shape);
}

Tensor unsqueeze(const FoldCall& call) {
  const Tensor& x = call.input(0);
  const auto axes = axes_of(call);
  std::vector<bool> fresh(x.shape.size() + axes.size());
  for (std::int64_t a : axes) {
    const std::size_t axis = axis_of(a, fresh.size());
    require(!fresh[axis], "the axis {} is named twice", a);
    fresh[axis] = true;
  }
  Shape shape;
  auto next = x.shape.begin();
  for (bool f : fresh) shape.push_back(f ? 1 : *next++);
  return with_shape(x, shape);
}

Tensor concat(const FoldCall& call) {
  const Shape& first = call.input(0).shape;
  const std::size_t axis = axis_of(call.attrs.integer("axis"), first.size());
  Shape shape = first;
  for (std::size_t i = 1; i < call.in.size(); ++i) {
    Shape same = call.input(i).shape;
    require(same.size() == first.size(), "tensors of shapes {} and {} cannot be joined", to_string(first),
            to_string(same));
    shape[axis] += std::exchange(same[axis], first[axis]);
    require(same == first, "tensors of shapes {} and {} cannot be joined", to_string(first),
            to_string(call.input(i).shape));
  }
  Tensor out = blank(call.input(0).element, shape);
  const std::size_t inner = row_major_strides(shape)[axis], outer = inner * shape[axis];
  std::size_t begin = 0;
  for (std::size_t i = 0; i < call.in.size(); ++i) {
    const Tensor& x = call.input(i);
    const std::size_t run = inner * x.shape[axis];
    for (std::size_t k = 0; k < x.values.size(); ++k)
      out.values[k / run * outer + begin + k % run] = x.values[k];
    begin += run;
  }
  return out;
}

Tensor gather(const FoldCall& call) {
  const Tensor &x = call.input(0), &which = call.input(1);
  const std::size_t axis = axis_of(call.attrs.integer("axis", 0), x.shape.size());
  Shape shape(x.shape.begin(), x.shape.begin() + static_cast<std::ptrdiff_t>(axis));
  shape.insert(shape.end(), which.shape.begin(), which.shape.end());
  shape.insert(shape.end(), x.shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, x.shape.end());
  Tensor out = blank(x.element, shape);
  const std::size_t inner = row_major_strides(x.shape)[axis];
  const auto indices = integers_of(which, "indices");
  for (std::size_t i = 0; i < out.values.size(); ++i) {
    const std::size_t in = i % inner, k = i / inner % indices.size(), outer = i / inner / indices.size();
    out.values[i] = x.values[(outer * x.shape[axis] + axis_of(indices[k], x.shape[axis])) * inner + in];
  }
  return out;
}

Tensor slice(const FoldCall& call) {
  const Tensor& x = call.input(0);
  const auto starts = integers_of(call.input(1), "starts"), ends = integers_of(call.input(2), "ends");
  std::vector<std::int64_t> axes(starts.size()), steps(starts.size(), 1);
  std::iota(axes.begin(), axes.end(), 0);
  if (call.has(3)) axes = integers_of(call.input(3), "axes");
  if (call.has(4)) steps = integers_of(call.input(4), "steps");
  require(ends.size() == starts.size() && axes.size() == starts.size() && steps.size() == starts.size(),
          "a slice needs as many ends, axes and steps as starts");
  Shape shape = x.shape;
  std::vector<std::int64_t> strides = whole(row_major_strides(x.shape));
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::size_t axis = axis_of(axes[i], shape.size());
    const auto n = static_cast<std::int64_t>(x.shape[axis]);
    const std::int64_t step = steps[i];
    require(step != 0, "a slice cannot step by 0");
    // As in Python: counted from the end if negative, and then held to what there is.
    const auto held = [&](std::int64_t v) {
      return std::clamp(v < 0 ? v + n : v, std::int64_t{step < 0 ? -1 : 0}, step < 0 ? n - 1 : n);
    };
    const std::int64_t from = held(starts[i]), to = held(ends[i]), way = step < 0 ? from - to : to - from;
    const std::int64_t stride = step < 0 ? -step : step;
    shape[axis] = way <= 0 ? 0 : static_cast<std::size_t>((way + stride - 1) / stride);
    offset += from * strides[axis];
    strides[axis] *= shape[axis] > 1 ? step : 0;
  }
  return strided(x, offset, strides, shape);
}

Tensor expand(const FoldCall& call) {
  const Tensor& x = call.input(0);
  Shape wanted;
  for (std::int64_t d : integers_of(call.input(1), "a shape")) {
    require(d >= 0, "a shape cannot hold {}", d);
    wanted.push_back(static_cast<std::size_t>(d));
  }
  return spread(x, broadcast(x.shape, wanted));
}

}  // namespace

FoldFunction fold_arrangement(std::string_view op) {
  static const std::map<std::string_view, FoldFunction> kAll = {
      {"Concat", concat},     {"Constant", constant},   {"ConstantOfShape", constant_of_shape},
      {"Expand", expand},     {"Flatten", flatten},     {"Gather", gather},
      {"Identity", identity}, {"Reshape", reshape},     {"Slice", slice},
      {"Squeeze", squeeze},   {"Transpose", transpose}, {"Unsqueeze", unsqueeze},
  };
  const auto at = kAll.find(op);
  return at == kAll.end() ? nullptr : at->second;
}

bool only_arranges(std::string_view op) {
  static constexpr std::string_view kNames[] = {"Flatten", "Identity",  "Reshape",
                                                "Squeeze", "Transpose", "Unsqueeze"};
  return std::find(std::begin(kNames), std::end(kNames), op) != std::end(kNames);
}

FoldFunction fold_function(std::string_view op) {
  const FoldFunction f = fold_elementwise(op);
  return f != nullptr ? f : fold_arrangement(op);
}

const Tensor& FoldCall::input(std::size_t i) const {
  require(has(i), "the input {} is missing", i + 1);
  return *in[i];
}

Tensor blank(Element element, Shape shape) {
  require(elements(shape) <= std::size_t{1} << 26,
          "a constant of shape {} is too large to compute while reading", to_string(shape));
  const std::size_t n = elements(shape);
  return {element, std::move(shape), std::vector<double>(n)};
}

Tensor spread(const Tensor& x, const Shape& shape) {
  return strided(x, 0, whole(broadcast_strides(x.shape, shape)), shape);
}

std::size_t axis_of(std::int64_t axis, std::size_t rank) {
  const auto n = static_cast<std::int64_t>(rank);
  require(axis >= -n && axis < n, "{} is not within {} axes or entries", axis, rank);
  return static_cast<std::size_t>(axis < 0 ? axis + n : axis);
}

}  // namespace tacit::nn::onnx_io
