#include "tacit/ring/gemm.h"

#include <algorithm>

#include "tacit/ring/tensor.h"

namespace tacit {

namespace {
// One B panel (kKc x nr, with its extra form) stays in the L1 cache while the A block (up to kMc rows, in L2)
// passes by it.
constexpr std::size_t kKc = 128, kMc = 256;

/// Panels of one operand for steps [k0, k1), side by side, each followed by its extra form.
struct Packed {
  Words words;
  std::size_t panel, extra;
  const Word* at(std::size_t p) const { return words.data() + p * (panel + extra); }
};
}  // namespace

void gemm(const Compute& compute, const GemmKernel& kernel, const GemmProblem& problem) {
  const std::size_t mr = kernel.mr, nr = kernel.nr;
  const std::size_t col_panels = (problem.n + nr - 1) / nr;
  for (std::size_t k0 = 0; k0 < problem.k; k0 += kKc) {
    const std::size_t k1 = std::min(problem.k, k0 + kKc), kc = k1 - k0;
    for (std::size_t m0 = 0; m0 < problem.m; m0 += kMc) {
      const std::size_t m1 = std::min(problem.m, m0 + kMc), row_panels = (m1 - m0 + mr - 1) / mr;
      Packed a{Words(row_panels * (kc * mr + kernel.extra_a(kc))), kc * mr, kernel.extra_a(kc)};
      compute.workers.parallel_for(row_panels, 4, [&](std::size_t begin, std::size_t end) {
        for (std::size_t p = begin; p < end; ++p) {
          Word* to = a.words.data() + p * (a.panel + a.extra);
          const std::size_t row = m0 + p * mr;
          problem.pack_a(k0, k1, row, std::min(mr, m1 - row), mr, to);
          kernel.prepare_a(kc, to, to + a.panel);
        }
      });
      const std::size_t grain = std::max<std::size_t>(1, 65536 / ((m1 - m0) * kc * nr + 1));
      compute.workers.parallel_for(col_panels, grain, [&](std::size_t begin, std::size_t end) {
        Words b(kc * nr + kernel.extra_b(kc)), tile(mr * nr);
        for (std::size_t q = begin; q < end; ++q) {
          const std::size_t col = q * nr, cols = std::min(nr, problem.n - col);
          problem.pack_b(k0, k1, col, cols, nr, b.data());
          kernel.prepare_b(kc, b.data(), b.data() + kc * nr);
          for (std::size_t p = 0; p < row_panels; ++p) {
            kernel.run(kc, a.at(p), a.at(p) + a.panel, b.data(), b.data() + kc * nr, tile.data());
            const std::size_t row = m0 + p * mr;
            problem.add_to_c(row, std::min(mr, m1 - row), col, cols, nr, tile.data());
          }
        }
      });
    }
  }
}

}  // namespace tacit
