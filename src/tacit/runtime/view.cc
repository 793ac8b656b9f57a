#include "tacit/runtime/view.h"

#include <algorithm>
#include <cstring>

namespace tacit::runtime {

Strides strides_of(const Shape& shape) {
  Strides out;
  for (const std::size_t s : row_major_strides(shape)) out.push_back(static_cast<std::ptrdiff_t>(s));
  return out;
}

BoxCopy::BoxCopy(const Shape& shape, const Strides& from, const Strides& to) {
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 1) continue;
    const auto extent = static_cast<std::ptrdiff_t>(shape[i]);
    if (!shape_.empty() && from_.back() == from[i] * extent && to_.back() == to[i] * extent) {
      shape_.back() *= shape[i];
      from_.back() = from[i];
      to_.back() = to[i];
    } else {
      shape_.push_back(shape[i]);
      from_.push_back(from[i]);
      to_.push_back(to[i]);
    }
  }
}

void BoxCopy::run(const float* from, float* to) const {
  if (std::find(shape_.begin(), shape_.end(), std::size_t{0}) != shape_.end()) return;
  part(0, from, to);
}

void BoxCopy::part(std::size_t axis, const float* from, float* to) const {
  if (axis == shape_.size()) {
    *to = *from;
    return;
  }
  const std::size_t n = shape_[axis];
  const std::ptrdiff_t f = from_[axis], t = to_[axis];
  if (axis + 1 < shape_.size()) {
    for (std::size_t i = 0; i < n; ++i, from += f, to += t) part(axis + 1, from, to);
  } else if (f == 1 && t == 1) {
    std::memcpy(to, from, n * sizeof(float));
  } else if (t == 1 && f == 0) {
    std::fill_n(to, n, *from);
  } else {
    for (std::size_t i = 0; i < n; ++i, from += f, to += t) *to = *from;
  }
}

Repeated::Repeated(const std::vector<Shape>& operands, const Shape& out) {
  std::vector<std::vector<std::size_t>> strides;
  for (const Shape& s : operands) strides.push_back(broadcast_strides(s, out));
  // Axes that follow on one another in every operand are one.
  Shape shape;
  std::vector<std::vector<std::size_t>> joined(operands.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] == 1) continue;
    bool follow = !shape.empty();
    for (std::size_t o = 0; o < operands.size() && follow; ++o)
      follow = joined[o].back() == strides[o][i] * out[i];
    if (follow)
      shape.back() *= out[i];
    else
      shape.push_back(out[i]);
    for (std::size_t o = 0; o < operands.size(); ++o) {
      if (!follow) joined[o].push_back(0);
      joined[o].back() = strides[o][i];
    }
  }
  steps_.assign(operands.size(), 0);
  if (!shape.empty()) {
    row_ = shape.back();
    shape.pop_back();
    for (std::size_t o = 0; o < operands.size(); ++o) {
      steps_[o] = joined[o].back();
      joined[o].pop_back();
    }
  }
  outer_ = shape;
  rows_ = elements(outer_);
  strides_ = std::move(joined);
}

std::size_t Repeated::begin(std::size_t operand, std::size_t row) const {
  std::size_t at = 0;
  for (std::size_t axis = outer_.size(); axis-- > 0; row /= outer_[axis])
    at += row % outer_[axis] * strides_[operand][axis];
  return at;
}

}  // namespace tacit::runtime
