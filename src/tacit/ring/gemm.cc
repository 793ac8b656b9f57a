#include "tacit/ring/gemm.h"

#include <algorithm>

#include "tacit/ring/tensor.h"

namespace tacit {

namespace {

// One B panel (kKc x nr, with its extra form) stays in the L1 cache while the A block (up to kMc rows, in L2)
// passes by it.
constexpr std::size_t kKc = 256, kMc = 256;

/// Steps [k0, k1) of the sum over terms and inner index, for `count` <= width outer indices from i0 on.
void pack(const RingKernels& kernels, const std::vector<GemmSource>& sources, const Offsets& outer,
          const Offsets& inner, std::size_t k0, std::size_t k1, std::size_t i0, std::size_t count,
          std::size_t width, Word* panel) {
  while (k0 < k1) {
    const std::size_t term = k0 / inner.size(), first = k0 % inner.size();
    const std::size_t steps = std::min(inner.size() - first, k1 - k0);
    kernels.pack(sources[term].first, sources[term].second, outer.data() + i0, count, inner.data() + first,
                 steps, width, panel);
    panel += steps * width;
    k0 += steps;
  }
}

}  // namespace

void gemm(const Compute& compute, const GemmKernel& kernel, const GemmProblem& p, Word* c, bool spread) {
  const std::size_t mr = kernel.mr, nr = kernel.nr;
  const std::size_t m = p.row.size(), n = p.column.size(), k = p.a.size() * p.a_inner.size();
  const std::size_t col_panels = (n + nr - 1) / nr;
  for (std::size_t k0 = 0; k0 < k; k0 += kKc) {
    const std::size_t k1 = std::min(k, k0 + kKc), kc = k1 - k0;
    const std::size_t a_panel = kc * mr + kernel.extra_a(kc), b_panel = kc * nr + kernel.extra_b(kc);
    for (std::size_t m0 = 0; m0 < m; m0 += kMc) {
      const std::size_t m1 = std::min(m, m0 + kMc), row_panels = (m1 - m0 + mr - 1) / mr;
      Words a(row_panels * a_panel);
      for (std::size_t i = 0; i < row_panels; ++i) {
        Word* to = a.data() + i * a_panel;
        const std::size_t row = m0 + i * mr;
        pack(compute.kernels, p.a, p.a_outer, p.a_inner, k0, k1, row, std::min(mr, m1 - row), mr, to);
        kernel.prepare_a(kc, to, to + kc * mr);
      }
      auto columns = [&](std::size_t begin, std::size_t end) {
        Words b(b_panel), tile(mr * nr);
        for (std::size_t j = begin; j < end; ++j) {
          const std::size_t col = j * nr, cols = std::min(nr, n - col);
          pack(compute.kernels, p.b, p.b_outer, p.b_inner, k0, k1, col, cols, nr, b.data());
          kernel.prepare_b(kc, b.data(), b.data() + kc * nr);
          bool straight = cols == nr;
          for (std::size_t l = 1; l < cols; ++l) straight &= p.column[col + l] == p.column[col] + l;
          for (std::size_t i = 0; i < row_panels; ++i) {
            const Word* panel = a.data() + i * a_panel;
            kernel.run(kc, panel, panel + kc * mr, b.data(), b.data() + kc * nr, tile.data());
            const std::size_t row = m0 + i * mr;
            kernel.add_tile(tile.data(), p.row.data() + row, std::min(mr, m1 - row), p.column.data() + col,
                            cols, straight, c);
          }
        }
      };
      if (spread)
        compute.workers.parallel_for(col_panels, 1 + 65536 / ((m1 - m0) * kc * nr), columns);
      else
        columns(0, col_panels);
    }
  }
}

}  // namespace tacit
