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
  // Doubles in (-q/2, q/2): for q below 2^50; null otherwise.
  const double *real_roots, *real_inverse_roots;
};

struct NttKernels {
  void (*forward)(const NttView&, Word* x);
  void (*inverse)(const NttView&, Word* x);
  void (*multiply)(const NttView&, const Word* a, const Word* b, Word* out);
  void (*multiply_add)(const NttView&, const Word* a, const Word* b, Word* out);
  void (*scale)(const NttView&, const Word* a, Word factor, Word* out);
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
