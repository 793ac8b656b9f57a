// The inner loops over ring words, one table an instruction set. All pointers may be unaligned and equal to
// one another, but must not overlap otherwise. Nothing here branches or indexes on the words.
#pragma once

#include "tacit/base/bytes.h"
#include "tacit/base/cpu.h"

namespace tacit {

/// The innermost step of a blocked matrix product: tile[mr x nr] = A-panel · B-panel over kc steps.
/// A panels lie as [kc][mr], B panels as [kc][nr]; a variant that needs its operands in a second form too
/// has them made once a panel by prepare_*, into extra_* words.
struct GemmKernel {
  const char* name;
  std::size_t mr, nr;
  std::size_t (*extra_a)(std::size_t kc);
  std::size_t (*extra_b)(std::size_t kc);
  void (*prepare_a)(std::size_t kc, const Word* panel, Word* extra);
  void (*prepare_b)(std::size_t kc, const Word* panel, Word* extra);
  void (*run)(std::size_t kc, const Word* a, const Word* ax, const Word* b, const Word* bx, Word* tile);
  /// c[row[i] + column[j]] += tile[i][j]; `straight`: there are nr columns and they lie side by side.
  void (*add_tile)(const Word* tile, const std::size_t* row, std::size_t rows, const std::size_t* column,
                   std::size_t columns, bool straight, Word* c);
};

struct RingKernels {
  Isa isa;
  const GemmKernel* gemm_ring;  ///< products mod 2^64: the variant that suits this processor
  const GemmKernel* gemm_f64;   ///< words are IEEE doubles
  std::span<const GemmKernel* const> all_gemm_ring;  ///< every variant, for tests

  /// panel[k·width + i] = first[outer[i] + inner[k]] (+ second[..] if not null); zero for count <= i < width.
  void (*pack)(const Word* first, const Word* second, const std::size_t* outer, std::size_t count,
               const std::size_t* inner, std::size_t steps, std::size_t width, Word* panel);

  void (*add)(std::size_t n, const Word* a, const Word* b, Word* out);
  void (*sub)(std::size_t n, const Word* a, const Word* b, Word* out);
  void (*negate)(std::size_t n, const Word* a, Word* out);
  void (*mul)(std::size_t n, const Word* a, const Word* b, Word* out);
  void (*scale)(std::size_t n, const Word* a, Word factor, Word* out);
  void (*add_scalar)(std::size_t n, const Word* a, Word addend, Word* out);
  /// out = sum + (a + a2)(b + b2); `sum`, a2 and b2 may be null for nothing.
  void (*mul_add)(std::size_t n, const Word* sum, const Word* a, const Word* a2, const Word* b,
                  const Word* b2, Word* out);

  void (*bit_xor)(std::size_t n, const Word* a, const Word* b, Word* out);
  void (*bit_and)(std::size_t n, const Word* a, const Word* b, Word* out);
  /// out ^= a & b
  void (*xor_and)(std::size_t n, const Word* a, const Word* b, Word* out);

  /// Bits [low, low + bits) of 64·groups words, transposed: plane p, word g holds bit low + p of words 64g
  /// to 64g + 63, at out[p·stride + g].
  void (*to_planes)(std::size_t groups, const Word* words, unsigned low, unsigned bits, Word* out,
                    std::size_t stride);
  /// The reverse: words whose bits [0, bits) come from planes and whose other bits are 0.
  void (*from_planes)(std::size_t groups, const Word* planes, std::size_t stride, unsigned bits, Word* words);
};

const RingKernels& ring_kernels(Isa isa);

}  // namespace tacit
