// A blocked matrix product over 64-bit words (ring elements or doubles): C = A · B where A and B are read, and
// C is written, through callbacks, so that convolutions, transposes and sums of operands cost no copy of
// their own. The order of summation depends on the shapes alone, so results in doubles repeat.
#pragma once

#include <functional>

#include "tacit/ring/compute.h"

namespace tacit {

struct GemmProblem {
  std::size_t m, n, k;
  /// Writes A[row0 .. row0+rows) x [k0 .. k1) as [k][width], width >= rows; columns from `rows` on are zeroed.
  std::function<void(std::size_t k0, std::size_t k1, std::size_t row0, std::size_t rows, std::size_t width,
                     Word* panel)>
      pack_a;
  /// Writes B[k0 .. k1) x [col0 .. col0+cols) as [k][width].
  std::function<void(std::size_t k0, std::size_t k1, std::size_t col0, std::size_t cols, std::size_t width,
                     Word* panel)>
      pack_b;
  /// Adds tile[rows x cols] (rows `width` apart) into C at (row0, col0). Tiles of one C never overlap in time.
  std::function<void(std::size_t row0, std::size_t rows, std::size_t col0, std::size_t cols, std::size_t width,
                     const Word* tile)>
      add_to_c;
};

void gemm(const Compute& compute, const GemmKernel& kernel, const GemmProblem& problem);

}  // namespace tacit
