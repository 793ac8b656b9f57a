#include "tacit/runtime/product.h"

#include <algorithm>

namespace tacit::runtime {

namespace {

// A panel of B and one of A stay in the L1 cache for a block of steps; a block of B, and of A where it is
// packed on the way, stays in L2.
constexpr std::size_t kSteps = 256, kColumnBlock = 256, kRowBlock = 128;

std::size_t up(std::size_t n, std::size_t to) { return (n + to - 1) / to * to; }

/// Blocks of equal length, none longer than kSteps.
std::size_t steps_of(std::size_t k) {
  const std::size_t blocks = std::max<std::size_t>(1, (k + kSteps - 1) / kSteps);
  return std::max<std::size_t>(1, std::min(k, up((k + blocks - 1) / blocks, 4)));
}
std::size_t rows_of(const FloatKernels& kernels) { return up(kRowBlock, kernels.mr); }
std::size_t columns_of(const FloatKernels& kernels) { return up(kColumnBlock, kernels.nr); }
/// Numbers of a block of each factor.
std::size_t b_block(const FloatKernels& kernels, std::size_t n, std::size_t k) {
  return std::min(columns_of(kernels), up(n, kernels.nr)) * steps_of(k);
}
std::size_t a_block(const FloatKernels& kernels, std::size_t m, std::size_t k) {
  return std::min(rows_of(kernels), up(m, kernels.mr)) * steps_of(k);
}

/// `count` <= width outer indices from `first` on, over `steps` steps from k0 on.
void pack_panel(const FloatKernels& kernels, const Factor& f, std::size_t first, std::size_t count,
                std::size_t k0, std::size_t steps, std::size_t width, float* panel) {
  if (f.place != nullptr)
    kernels.gather(f.data, f.place + first, count, f.step + k0, steps, width, panel);
  else
    kernels.pack(f.data + static_cast<std::ptrdiff_t>(first) * f.outer_stride +
                     static_cast<std::ptrdiff_t>(k0) * f.inner_stride,
                 f.outer_stride, f.inner_stride, count, steps, width, panel);
}

/// Part of a result: rows [m0, m1) and columns [n0, n1), which begin at multiples of mr and nr.
struct Part {
  std::size_t m0, m1, n0, n1;
};

/// Panels of one block, packed ahead or now.
class Block {
 public:
  Block(const FloatKernels& kernels, const Factor& f, std::size_t width, std::size_t k0, std::size_t steps,
        std::size_t begin, std::size_t end, float* scratch)
      : f_(f), width_(width), k0_(k0), steps_(steps), begin_(begin), scratch_(scratch) {
    if (f.packed != nullptr) return;
    for (std::size_t at = begin; at < end; at += width)
      pack_panel(kernels, f, at, std::min(width, end - at), k0, steps, width, scratch + (at - begin) * steps);
  }
  const float* panel(std::size_t at) const {
    return f_.packed != nullptr ? f_.packed->panel(k0_, steps_, at / width_)
                                : scratch_ + (at - begin_) * steps_;
  }

 private:
  const Factor& f_;
  std::size_t width_, k0_, steps_, begin_;
  float* scratch_;
};

void multiply_part(const FloatKernels& kernels, const Product& p, const Part& part, float* scratch) {
  const std::size_t mr = kernels.mr, nr = kernels.nr, length = steps_of(p.k);
  // What is packed ahead needs no blocks for its own sake, and without them the other is packed once.
  const std::size_t row_block = p.a.packed != nullptr ? part.m1 - part.m0 : rows_of(kernels);
  const std::size_t column_block = p.b.packed != nullptr ? part.n1 - part.n0 : columns_of(kernels);
  float* const b_scratch = scratch;
  float* const a_scratch = scratch + (p.b.packed != nullptr ? 0 : b_block(kernels, p.n, p.k));
  for (std::size_t n0 = part.n0; n0 < part.n1; n0 += column_block) {
    const std::size_t n1 = std::min(part.n1, n0 + column_block);
    for (std::size_t k0 = 0; k0 < p.k; k0 += length) {
      const std::size_t steps = std::min(length, p.k - k0);
      const Block b(kernels, p.b, nr, k0, steps, n0, n1, b_scratch);
      for (std::size_t m0 = part.m0; m0 < part.m1; m0 += row_block) {
        const std::size_t m1 = std::min(part.m1, m0 + row_block);
        const Block a(kernels, p.a, mr, k0, steps, m0, m1, a_scratch);
        for (std::size_t j = n0; j < n1; j += nr)
          for (std::size_t i = m0; i < m1; i += mr) {
            TileEnd end = p.end;
            if (end.row_bias != nullptr) end.row_bias += i;
            if (end.column_bias != nullptr) end.column_bias += j;
            kernels.tile(steps, a.panel(i), b.panel(j), p.c + i * p.c_stride + j, p.c_stride,
                         std::min(mr, m1 - i), std::min(nr, n1 - j), k0 > 0,
                         k0 + steps == p.k ? &end : nullptr);
          }
      }
    }
  }
}

/// The sum of no products: what the end of a tile makes of zeros.
void multiply_nothing(const FloatKernels& kernels, const Product& p) {
  const float none = 0;
  for (std::size_t i = 0; i < p.m; i += kernels.mr)
    for (std::size_t j = 0; j < p.n; j += kernels.nr) {
      TileEnd end = p.end;
      if (end.row_bias != nullptr) end.row_bias += i;
      if (end.column_bias != nullptr) end.column_bias += j;
      kernels.tile(0, &none, &none, p.c + i * p.c_stride + j, p.c_stride, std::min(kernels.mr, p.m - i),
                   std::min(kernels.nr, p.n - j), false, &end);
    }
}

}  // namespace

PackedMatrix::PackedMatrix(const FloatKernels& kernels, Memory& memory, std::size_t width, const float* from,
                           std::size_t outer, std::ptrdiff_t outer_stride, std::size_t inner,
                           std::ptrdiff_t inner_stride, float factor)
    : width_(width), padded_(up(outer, width)), data_(memory, padded_ * inner) {
  const Factor f{nullptr, from, outer_stride, inner_stride, nullptr, nullptr};
  const std::size_t length = steps_of(inner);
  for (std::size_t k0 = 0; k0 < inner; k0 += length) {
    const std::size_t steps = std::min(length, inner - k0);
    for (std::size_t o = 0; o < outer; o += width)
      pack_panel(kernels, f, o, std::min(width, outer - o), k0, steps, width,
                 data_.data() + k0 * padded_ + o * steps);
  }
  if (factor != 1)
    for (std::size_t i = 0; i < data_.size(); ++i) data_.data()[i] *= factor;
}

std::size_t product_scratch(const FloatKernels& kernels, std::size_t m, std::size_t n, std::size_t k,
                            bool a_packed, bool b_packed) {
  return (b_packed ? 0 : b_block(kernels, n, k)) + (a_packed ? 0 : a_block(kernels, m, k));
}

void multiply(const FloatKernels& kernels, const Product& p, float* scratch) {
  if (p.m == 0 || p.n == 0) return;
  if (p.k == 0) return multiply_nothing(kernels, p);
  multiply_part(kernels, p, {0, p.m, 0, p.n}, scratch);
}

void multiply(const Work& work, const Product& p) {
  const FloatKernels& kernels = work.kernels;
  if (work.slot_count < 2 || p.m == 0 || p.n == 0 || p.k == 0) return multiply(kernels, p, work.slot(0));
  // Where the second factor is packed on the way, by columns alone, so that none is packed twice.
  const std::size_t columns = columns_of(kernels), column_parts = (p.n + columns - 1) / columns;
  const std::size_t rows = p.b.packed != nullptr ? rows_of(kernels) : p.m;
  const std::size_t row_parts = (p.m + rows - 1) / rows;
  work.each(
      row_parts * column_parts, std::min(rows, p.m) * std::min(columns, p.n) * p.k,
      [&](std::size_t task, float* scratch) {
        const std::size_t m0 = task / column_parts * rows, n0 = task % column_parts * columns;
        multiply_part(kernels, p, {m0, std::min(p.m, m0 + rows), n0, std::min(p.n, n0 + columns)}, scratch);
      });
}

}  // namespace tacit::runtime
