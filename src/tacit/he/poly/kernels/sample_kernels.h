// From random words to what lattice encryption draws, one table an instruction set. Internal to he/poly/:
// callers use sample.h, which says what is drawn and why.
#pragma once

#include <cstdint>

#include "tacit/base/bytes.h"
#include "tacit/base/cpu.h"

namespace tacit::he {

/// n is a multiple of 8.
struct SampleKernels {
  /// n numbers of {-1, 0, 1} from n/4 words.
  void (*ternary)(std::size_t n, const Word* random, std::int8_t* out);
  /// n times the ones among 42 bits, less 21, from 6n/8 words.
  void (*binomial)(std::size_t n, const Word* random, std::int8_t* out);
  /// x &= mask; whether all are below q then, q <= mask < 2^62. Of public numbers.
  bool (*all_below)(std::size_t n, Word mask, Word q, Word* x);
};

const SampleKernels& sample_kernels(Isa isa);

}  // namespace tacit::he
