// Reshape, Flatten, Squeeze, Unsqueeze and Identity: the same numbers in another shape; free.
#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/nn/ops/axes.h"
#include "tacit/nn/ops/ops.h"

namespace tacit::nn {

namespace {

Shape flatten_shape(std::span<const Shape> in, const Attrs& attrs) {
  const auto rank = static_cast<std::int64_t>(in[0].size());
  std::int64_t axis = attrs.integer("axis", 1);
  if (axis < 0) axis += rank;
  require(axis >= 0 && axis <= rank, "a tensor of shape {} has no axis {}", to_string(in[0]), axis);
  Shape out{1, 1};
  for (std::int64_t i = 0; i < rank; ++i) out[i < axis ? 0 : 1] *= in[0][static_cast<std::size_t>(i)];
  return out;
}

/// The attribute 'shape', ONNX's second input: 0 keeps an axis, -1 is what is left over.
Shape reshape_shape(std::span<const Shape> in, const Attrs& attrs) {
  const auto wanted = attrs.integers("shape");
  const bool keep_zero = attrs.integer("allowzero", 0) == 0;
  Shape out;
  std::size_t known = 1, open = wanted.size();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    require(wanted[i] >= -1, "a shape cannot hold {}", wanted[i]);
    if (wanted[i] == -1) {
      require(open == wanted.size(), "a shape can leave one axis open, not two");
      open = i;
      out.push_back(1);
      continue;
    }
    const bool keep = wanted[i] == 0 && keep_zero;
    require(!keep || i < in[0].size(), "a tensor of shape {} has no axis {} to keep", to_string(in[0]), i);
    out.push_back(keep ? in[0][i] : static_cast<std::size_t>(wanted[i]));
    known *= out.back();
  }
  const std::size_t n = elements(in[0]);
  if (open < wanted.size()) {
    require(known > 0 && n % known == 0, "{} elements do not fill a shape with an open axis beside {}", n,
            known);
    out[open] = n / known;
  }
  require(elements(out) == n, "a tensor of shape {} cannot take the shape {}", to_string(in[0]),
          to_string(out));
  return out;
}

Shape squeeze_shape(std::span<const Shape> in, const Attrs& attrs) {
  std::vector<std::size_t> axes;
  if (attrs.integers("axes", {}).empty()) {
    for (std::size_t i = 0; i < in[0].size(); ++i)
      if (in[0][i] == 1) axes.push_back(i);
  } else {
    axes = axes_of(attrs, in[0]);
  }
  for (std::size_t a : axes) require(in[0][a] == 1, "axis {} of {} is not of length 1", a, to_string(in[0]));
  return without(in[0], axes, false);
}

/// 'axes' are those of the result.
Shape unsqueeze_shape(std::span<const Shape> in, const Attrs& attrs) {
  const Shape result(in[0].size() + attrs.integers("axes").size(), 1);
  const auto axes = axes_of(attrs, result);
  Shape out;
  for (std::size_t i = 0, from = 0; i < result.size(); ++i)
    out.push_back(std::find(axes.begin(), axes.end(), i) != axes.end() ? 1 : in[0][from++]);
  return out;
}

template <Shape (*kShape)(std::span<const Shape>, const Attrs&)>
Value forward(Ctx& ctx, const Call& call, std::any*) {
  const Shape in[] = {call.input(0).shape()};
  Shape out = kShape(std::span<const Shape>(in), call.attrs);
  if (!call.input(0).is_secret()) return PublicTensor{std::move(out), call.input(0).known("").values};
  return fn::reshape(ctx, call.input(0).secret(""), std::move(out));
}

void backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
              std::span<Grad* const> to) {
  if (to[0] != nullptr) to[0]->add(ctx, fn::reshape(ctx, grad, call.input(0).shape()));
}

}  // namespace

const Op kFlatten{"Flatten",     "all axes but the first in one", 1,       1,
                  flatten_shape, forward<flatten_shape>,          backward};
const Op kIdentity{"Identity", "the tensor itself", 1, 1, shape_of_first, forward<shape_of_first>, backward};
const Op kReshape{"Reshape", "another shape", 1, 1, reshape_shape, forward<reshape_shape>, backward};
const Op kSqueeze{"Squeeze",     "without axes of length 1", 1,       1,
                  squeeze_shape, forward<squeeze_shape>,     backward};
const Op kUnsqueeze{"Unsqueeze",     "with new axes of length 1", 1,       1,
                    unsqueeze_shape, forward<unsqueeze_shape>,    backward};

}  // namespace tacit::nn
