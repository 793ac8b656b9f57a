// Loops over tensors whose axes lie apart: copies from one layout to another, and operands that are repeated.
#pragma once

#include <functional>
#include <vector>

#include "tacit/base/shape.h"

namespace tacit::runtime {

using Strides = std::vector<std::ptrdiff_t>;
Strides strides_of(const Shape& shape);

/// A copy of a box of numbers between two layouts.
class BoxCopy {
 public:
  /// Strides in numbers, one an axis of `shape`; of 0, or less, too.
  BoxCopy(const Shape& shape, const Strides& from, const Strides& to);
  void run(const float* from, float* to) const;

 private:
  void part(std::size_t axis, const float* from, float* to) const;
  Shape shape_;
  Strides from_, to_;
};

/// Operands that are read as if they had the shape of a result, in rows that lie side by side.
class Repeated {
 public:
  Repeated(const std::vector<Shape>& operands, const Shape& out);

  /// Numbers of a row, and for an operand 1, or 0 where the row repeats one number of it.
  std::size_t row() const { return row_; }
  std::size_t step(std::size_t operand) const { return steps_[operand]; }
  std::size_t rows() const { return rows_; }
  /// Where a row begins in an operand.
  std::size_t begin(std::size_t operand, std::size_t row) const;

 private:
  std::size_t row_ = 1, rows_ = 1;
  Shape outer_;
  std::vector<std::size_t> steps_;
  std::vector<std::vector<std::size_t>> strides_;  ///< an operand, of the outer axes
};

}  // namespace tacit::runtime
