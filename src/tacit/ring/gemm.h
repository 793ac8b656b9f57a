// A blocked matrix product over 64-bit words (ring elements or doubles) whose operands are read, and whose
// result is written, through lists of offsets, so that transposes, convolutions and sums of operands cost no
// copies of their own. The order of summation depends on the shapes alone, so results in doubles repeat.
#pragma once

#include "tacit/ring/compute.h"

namespace tacit {

/// An offset list: element i of an axis lies at base + list[i].
using Offsets = std::vector<std::size_t>;

/// The words of one factor of one term; `second`, if not null, is added element by element.
struct GemmSource {
  const Word* first;
  const Word* second;
};

/// C[i, j] += Σ_t Σ_k A_t[i, k] · B_t[k, j], with A_t[i, k] at a[t] + a_outer[i] + a_inner[k], B_t[k, j] at
/// b[t] + b_outer[j] + b_inner[k], and C[i, j] at c + row[i] + column[j]. Several (i, j) may meet in one
/// place.
struct GemmProblem {
  std::vector<GemmSource> a, b;
  Offsets a_outer, a_inner, b_outer, b_inner, row, column;
};

/// `spread` allows threads to share the columns; without it one thread does all.
void gemm(const Compute& compute, const GemmKernel& kernel, const GemmProblem& problem, Word* c, bool spread);

}  // namespace tacit
