// Operators on known numbers, computed while a file is read: what exporters write to compute shapes, axes and
// masks.
#pragma once

#include "tacit/nn/graph/onnx_step.h"

namespace tacit::nn::onnx_io {

/// One operator on known tensors (null where an input is absent).
struct FoldCall {
  std::span<const Tensor* const> in;
  const Attrs& attrs;
  const Tensor* value;  ///< the attribute that is a tensor

  bool has(std::size_t i) const { return i < in.size() && in[i] != nullptr; }
  /// UsageError if it is absent.
  const Tensor& input(std::size_t i) const;
};

using FoldFunction = Tensor (*)(const FoldCall&);
/// Null if the operator is not folded.
FoldFunction fold_function(std::string_view op);
/// Operators that only give the same numbers another arrangement; of a weight they give a weight.
bool only_arranges(std::string_view op);

// The parts, by what they do.
FoldFunction fold_elementwise(std::string_view op);
FoldFunction fold_arrangement(std::string_view op);

/// A tensor of zeros; UsageError if it is larger than a small file should be able to ask for.
Tensor blank(Element element, Shape shape);
/// The tensor broadcast to a shape.
Tensor spread(const Tensor& x, const Shape& shape);
/// `axis` of a tensor of `rank` axes, counted from the end if negative; UsageError if there is none.
std::size_t axis_of(std::int64_t axis, std::size_t rank);

}  // namespace tacit::nn::onnx_io
