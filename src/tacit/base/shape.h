// Tensor shapes: the extents of each axis, row-major, outermost first. An empty shape is a scalar.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tacit {

using Shape = std::vector<std::size_t>;

/// The number of elements; throws UsageError when it does not fit in 2^48.
std::size_t elements(const Shape& shape);
/// "128x784", or "scalar".
std::string to_string(const Shape& shape);
/// The shape that two operands broadcast to under ONNX/NumPy rules; UsageError if they do not.
Shape broadcast(const Shape& a, const Shape& b);
/// Strides in elements of a row-major tensor.
std::vector<std::size_t> row_major_strides(const Shape& shape);
/// Strides with which a tensor of shape `from` is read as if it had shape `to` (0 on repeated axes).
std::vector<std::size_t> broadcast_strides(const Shape& from, const Shape& to);

}  // namespace tacit
