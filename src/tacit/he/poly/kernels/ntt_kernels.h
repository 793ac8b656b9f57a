// The inner loops of polynomials modulo primes, one table an instruction set. Internal to he/poly/: callers
// use ntt.h, ring.h and sample.h.
#pragma once

#include <cstdint>

#include "tacit/base/bytes.h"
#include "tacit/base/cpu.h"

namespace tacit::he {

/// A transform's numbers as the kernels read them. Roots lie in bit-reversed order: the butterfly of group i
/// among m multiplies by roots[m + i], and its inverse by inverse_roots[m + i].
struct NttView {
  std::size_t n;
  Word q;
  Word inverse_n;
  // Words, each with floor(2^64 root / q) (Shoup): for every q below 2^61.
  const Word *roots, *roots_shoup, *inverse_roots, *inverse_roots_shoup;
  Word inverse_n_shoup;
  // For q below 2^50, null otherwise: the first quarter of the roots as doubles in (-q/2, q/2), and their
  // quotients by q; and, for each sixteen numbers, the roots of the last two layers: four of the one, the
  // even four and the odd four of the other.
  const double *real_roots, *real_roots_over_q, *real_last_roots;
  const double *real_inverse_roots, *real_inverse_roots_over_q, *real_last_inverse_roots;
  // The powers of the roots that the first two layers (three, if n is no power of 4) divide by, the first of
  // each two that differ in sign: for sums of small coefficients.
  const double* real_small_roots;
};

struct NttKernels {
  void (*forward)(const NttView&, Word* x);
  void (*inverse)(const NttView&, Word* x);
  // "Loose" values are for these kernels alone: what they are is a matter of the instruction set.
  /// Transforms small signed coefficients.
  void (*forward_small)(const NttView&, const std::int8_t* from, Word* loose);
  /// out = transform of from, and a·b.
  void (*forward_small_sum)(const NttView&, const std::int8_t* from, const Word* a, const Word* loose_b,
                            Word* out);
  /// out = transform of (from + factor·numbers), and a·b; of signed numbers of size below q.
  void (*forward_scaled_sum)(const NttView&, const std::int8_t* from, const Word* numbers, Word factor,
                             const Word* a, const Word* loose_b, Word* out);
  void (*multiply)(const NttView&, const Word* a, const Word* b, Word* out);
  void (*multiply_add)(const NttView&, const Word* a, const Word* b, Word* out);
  void (*scale)(const NttView&, const Word* a, Word factor, Word* out);
  /// x = (x - y + offset)·factor, for y below 2q.
  void (*subtract_scale)(const NttView&, const Word* y, Word offset, Word factor, Word* x);
  // Coefficient by coefficient, modulo any prime.
  void (*add)(std::size_t n, Word q, const Word* a, const Word* b, Word* out);
  void (*subtract)(std::size_t n, Word q, const Word* a, const Word* b, Word* out);
  /// Small signed numbers to residues.
  void (*lift)(std::size_t n, Word q, const std::int8_t* from, Word* out);
};

/// Primes below 2^kRealBits may be computed with in double precision.
constexpr unsigned kRealBits = 50;

const NttKernels& ntt_kernels(Isa isa);

}  // namespace tacit::he
