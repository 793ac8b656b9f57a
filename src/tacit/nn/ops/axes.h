// Axes of tensors, as many operators name and move them.
#pragma once

#include "tacit/nn/ops/op.h"

namespace tacit::nn {

/// An axis that may count from the end; UsageError if a tensor of `shape` has no such axis.
std::size_t axis_of(std::int64_t axis, const Shape& shape);
/// The attribute 'axes', in ascending order; all axes if it is missing or empty.
std::vector<std::size_t> axes_of(const Attrs& attrs, const Shape& shape);
/// `shape` with these axes removed, or of length 1.
Shape without(const Shape& shape, std::span<const std::size_t> axes, bool keep);

/// x with an axis moved to the end, and the way back.
Secret<Real> axis_last(Ctx&, const Secret<Real>& x, std::size_t axis);
Secret<Real> axis_back(Ctx&, const Secret<Real>& x, std::size_t axis);
/// x as [elements of these axes, the others ..], and the way back to a tensor of shape `to`.
Secret<Real> axes_first(Ctx&, const Secret<Real>& x, std::span<const std::size_t> axes);
Secret<Real> axes_back(Ctx&, const Secret<Real>& x, std::span<const std::size_t> axes, const Shape& to);

/// For each element of a tensor of shape `to`, which element of one of shape `from` is broadcast there.
std::vector<std::size_t> broadcast_places(const Shape& from, const Shape& to);
/// The shape that all inputs broadcast to.
Shape broadcast_all(std::span<const Shape> in, const Attrs&);
Shape shape_of_first(std::span<const Shape> in, const Attrs&);

}  // namespace tacit::nn
