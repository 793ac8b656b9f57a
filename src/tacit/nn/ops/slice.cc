// Slice, Pad and Gather with public places: parts of a tensor, a tensor within a larger one, picked elements;
// free.
#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/nn/ops/axes.h"
#include "tacit/nn/ops/ops.h"

namespace tacit::nn {

namespace {

/// A part of a tensor as a strided view: a negative step is a stride that wraps round.
struct View {
  std::size_t offset = 0;
  std::vector<std::size_t> strides;
  Shape shape;
};

View slice_of(const Attrs& attrs, const Shape& in) {
  const auto starts = attrs.integers("starts"), ends = attrs.integers("ends");
  std::vector<std::int64_t> axes,
      steps = attrs.integers("steps", std::vector<std::int64_t>(starts.size(), 1));
  for (std::size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  axes = attrs.integers("axes", axes);
  require(ends.size() == starts.size() && axes.size() == starts.size() && steps.size() == starts.size(),
          "a slice needs as many ends, axes and steps as starts");
  View v{0, row_major_strides(in), in};
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::size_t axis = axis_of(axes[i], in), stride = v.strides[axis];
    const auto extent = static_cast<std::int64_t>(in[axis]);
    const std::int64_t step = steps[i];
    require(step != 0, "a slice cannot take steps of 0");
    require(extent > 0, "a slice of an empty axis");
    // Python's rules: places count from the end if negative, and are kept within the axis.
    auto place = [&](std::int64_t p) { return p < 0 ? p + extent : p; };
    const std::int64_t begin = std::clamp(place(starts[i]), std::int64_t{0}, step > 0 ? extent : extent - 1);
    const std::int64_t end = step > 0 ? std::clamp(place(ends[i]), std::int64_t{0}, extent)
                                      : std::clamp(place(ends[i]), std::int64_t{-1}, extent - 1);
    const std::int64_t length = step > 0 ? (end - begin + step - 1) / step : (begin - end - step - 1) / -step;
    require(length > 0, "a slice of axis {} from {} to {} is empty", axis, starts[i], ends[i]);
    v.offset += static_cast<std::size_t>(begin) * stride;
    v.strides[axis] = stride * static_cast<std::size_t>(step);
    v.shape[axis] = static_cast<std::size_t>(length);
  }
  return v;
}

Shape slice_shape(std::span<const Shape> in, const Attrs& attrs) { return slice_of(attrs, in[0]).shape; }
Value slice_forward(Ctx& ctx, const Call& call, std::any*) {
  const Secret<Real> x = call.input(0).as_secret(ctx);
  const View v = slice_of(call.attrs, x.shape());
  return fn::strided(ctx, x, v.offset, v.strides, v.shape);
}
void slice_backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
                    std::span<Grad* const> to) {
  if (to[0] == nullptr) return;
  const Shape& in = call.input(0).shape();
  const View v = slice_of(call.attrs, in);
  to[0]->add(ctx, fn::placed(ctx, fn::zeros(ctx, in), v.offset, v.strides, grad));
}

/// Where x lies in the padded tensor.
View pad_of(const Attrs& attrs, const Shape& in) {
  const std::string mode = attrs.text("mode", "constant");
  require(mode == "constant", "padding by '{}' is not known: use 'constant'", mode);
  const auto axes = axes_of(attrs, in);
  const auto pads = attrs.integers("pads");
  require(pads.size() == 2 * axes.size(), "padding {} axes takes {} numbers, not {}", axes.size(),
          2 * axes.size(), pads.size());
  View v{0, {}, in};
  std::vector<std::size_t> before(in.size(), 0);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::int64_t first = pads[i], last = pads[axes.size() + i];
    require(first >= 0 && last >= 0, "padding by less than nothing: use Slice");
    before[axes[i]] = static_cast<std::size_t>(first);
    v.shape[axes[i]] += static_cast<std::size_t>(first + last);
  }
  v.strides = row_major_strides(v.shape);
  for (std::size_t i = 0; i < in.size(); ++i) v.offset += before[i] * v.strides[i];
  return v;
}

Shape pad_shape(std::span<const Shape> in, const Attrs& attrs) { return pad_of(attrs, in[0]).shape; }
Value pad_forward(Ctx& ctx, const Call& call, std::any*) {
  const Secret<Real> x = call.input(0).as_secret(ctx);
  const View v = pad_of(call.attrs, x.shape());
  const std::vector<double> fill(elements(v.shape), call.attrs.real("constant_value", 0));
  return fn::placed(ctx, fn::constant(ctx, {v.shape, fill}), v.offset, v.strides, x);
}
void pad_backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
                  std::span<Grad* const> to) {
  if (to[0] == nullptr) return;
  const Shape& in = call.input(0).shape();
  const View v = pad_of(call.attrs, in);
  to[0]->add(ctx, fn::strided(ctx, grad, v.offset, v.strides, in));
}

/// Public places: the attributes 'indices' and 'indices_shape', or a second input that is a constant.
Shape shape_of_indices(const Attrs& attrs, const Shape* input) {
  if (!attrs.has("indices")) {
    require(input != nullptr, "the indices of Gather are missing");
    return *input;
  }
  const auto count = static_cast<std::int64_t>(attrs.integers("indices").size());
  Shape out;
  for (std::int64_t d : attrs.integers("indices_shape", {count})) {
    require(d >= 0, "a shape cannot hold {}", d);
    out.push_back(static_cast<std::size_t>(d));
  }
  require(static_cast<std::int64_t>(elements(out)) == count, "{} indices do not fill the shape {}", count,
          to_string(out));
  return out;
}
std::vector<double> indices_of(const Call& call) {
  if (!call.attrs.has("indices"))
    return call.input(1).known("the indices of Gather (for secret ones, OneHot and MatMul)").values;
  const auto indices = call.attrs.integers("indices");
  return {indices.begin(), indices.end()};
}

Shape gather_shape(std::span<const Shape> in, const Attrs& attrs) {
  const auto axis = static_cast<std::ptrdiff_t>(axis_of(attrs.integer("axis", 0), in[0]));
  const Shape chosen = shape_of_indices(attrs, in.size() > 1 ? &in[1] : nullptr);
  Shape out(in[0].begin(), in[0].begin() + axis);
  out.insert(out.end(), chosen.begin(), chosen.end());
  out.insert(out.end(), in[0].begin() + axis + 1, in[0].end());
  return out;
}
/// Rows [before, chosen, after] of elements that Gather takes.
std::vector<std::size_t> gather_places(const Call& call) {
  const Shape& in = call.input(0).shape();
  const auto indices = indices_of(call);
  const std::size_t axis = axis_of(call.attrs.integer("axis", 0), in), after = row_major_strides(in)[axis];
  const std::size_t before = elements(Shape(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(axis)));
  std::vector<std::size_t> places;
  for (std::size_t b = 0; b < before; ++b)
    for (double index : indices) {
      const double at = index < 0 ? index + static_cast<double>(in[axis]) : index;
      require(at >= 0 && at < static_cast<double>(in[axis]), "an axis of {} has no place {}", in[axis],
              index);
      for (std::size_t a = 0; a < after; ++a)
        places.push_back((b * in[axis] + static_cast<std::size_t>(at)) * after + a);
    }
  return places;
}
Value gather_forward(Ctx& ctx, const Call& call, std::any*) {
  return fn::gather(ctx, call.input(0).as_secret(ctx), gather_places(call),
                    gather_shape(call.shapes(), call.attrs));
}
// What was taken several times gets a sum: of as many tensors as the most often taken element has.
void gather_backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
                     std::span<Grad* const> to) {
  if (to[0] == nullptr) return;
  const auto places = gather_places(call);
  const std::size_t n = elements(call.input(0).shape());
  std::vector<std::vector<std::size_t>> rounds;
  std::vector<std::size_t> taken(n, 0);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const std::size_t round = taken[places[i]]++;
    if (round == rounds.size()) rounds.emplace_back(n, kZero);
    rounds[round][places[i]] = i;
  }
  for (const auto& from : rounds) to[0]->add(ctx, fn::gather(ctx, grad, from, call.input(0).shape()));
  if (rounds.empty()) to[0]->add(ctx, fn::zeros(ctx, call.input(0).shape()));
}

}  // namespace

const Op kGather{
    "Gather", "elements at public places along an axis", 1, 2, gather_shape, gather_forward, gather_backward};
const Op kPad{"Pad", "a border of constants", 1, 1, pad_shape, pad_forward, pad_backward};
const Op kSlice{"Slice", "a part of a tensor", 1, 1, slice_shape, slice_forward, slice_backward};

}  // namespace tacit::nn
