// Matrix products in blocks: c[m x n] = a[m x k] · b[k x n]. Either factor may have been packed into panels
// ahead, as weights are, or is packed block by block while the product runs; the second may be picked out of
// an image, so that a convolution is a product whose factor never lies anywhere whole.
#pragma once

#include "tacit/runtime/memory.h"
#include "tacit/runtime/work.h"

namespace tacit::runtime {

/// A factor in panels. Its `outer` axis is the one that the result has, too.
class PackedMatrix {
 public:
  /// Element (o, i) lies at from[o·outer_stride + i·inner_stride], and is multiplied by `factor`. `width`: mr
  /// of the kernels for a first factor, nr for a second one.
  PackedMatrix(const FloatKernels& kernels, Memory& memory, std::size_t width, const float* from,
               std::size_t outer, std::ptrdiff_t outer_stride, std::size_t inner, std::ptrdiff_t inner_stride,
               float factor = 1);

  std::size_t width() const { return width_; }
  std::size_t numbers() const { return data_.size(); }
  /// Panel `number` of the block of `steps` steps that begins at `first`.
  const float* panel(std::size_t first, std::size_t steps, std::size_t number) const {
    return data_.data() + first * padded_ + number * width_ * steps;
  }

 private:
  std::size_t width_, padded_;
  Buffer data_;
};

/// A factor, in one of three forms.
struct Factor {
  const PackedMatrix* packed = nullptr;
  const float* data = nullptr;
  std::ptrdiff_t outer_stride = 0, inner_stride = 0;  ///< of data
  /// Element (o, i) at data[place[o] + step[i]]: instead of the strides.
  const std::size_t *place = nullptr, *step = nullptr;
};

struct Product {
  std::size_t m = 0, n = 0, k = 0;
  Factor a, b;
  float* c = nullptr;
  std::size_t c_stride = 0;
  TileEnd end{nullptr, nullptr, false, 0, 0};
};

/// Numbers that a slot needs for it.
std::size_t product_scratch(const FloatKernels& kernels, std::size_t m, std::size_t n, std::size_t k,
                            bool a_packed, bool b_packed);
/// On the threads of `work`.
void multiply(const Work& work, const Product& product);
/// The same in the caller alone, with a slot's memory.
void multiply(const FloatKernels& kernels, const Product& product, float* scratch);

}  // namespace tacit::runtime
