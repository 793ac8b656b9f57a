// See sample_kernels.h. Plain loops over words, without a branch or an index that depends on them, which the
// compiler makes as wide as each instruction set is.
#include <stddef.h>
#include <stdint.h>

#include "tacit/he/poly/kernels/sample_kernels.h"

namespace tacit::TACIT_ISA {
namespace {

/// Four digits of a word read as a fraction in base 3: each is the carry of a product by 3. As a signed
/// number x in [-2^63, 2^63), the digit is -1, 0 or 1 by the third in which x lies, and 3x mod 2^64 is what
/// is left.
inline uint64_t four_trits(uint64_t word) {
  constexpr int64_t kThird = 0x2aaaaaaaaaaaaaaa;  // floor(2^63 / 3)
  uint64_t out = 0;
  for (int digit = 0; digit < 4; ++digit, word *= 3) {
    const int64_t x = static_cast<int64_t>(word);
    const int64_t trit = static_cast<int64_t>(x > kThird) - static_cast<int64_t>(x < -kThird);
    out |= (static_cast<uint64_t>(trit) & 0xff) << (8 * digit);
  }
  return out;
}

void ternary(size_t n, const Word* random, int8_t* out) {
  const size_t count = n / 8;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t eight = four_trits(random[i]) | four_trits(random[i + count]) << 32;
    __builtin_memcpy(out + 8 * i, &eight, sizeof eight);
  }
}

/// The ones in each four bits.
inline uint64_t ones(uint64_t x) {
  x -= x >> 1 & 0x5555555555555555;
  return (x & 0x3333333333333333) + (x >> 2 & 0x3333333333333333);
}

void binomial(size_t n, const Word* random, int8_t* out) {
  const size_t count = n / 8;
  const Word *a = random, *b = a + count, *c = b + count, *d = c + count, *e = d + count, *f = e + count;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t low = 0x0f0f0f0f0f0f0f0f;
    // At most 12 ones in each half byte of the first sum, 10 of the second; 42 in a byte.
    const uint64_t x = ones(a[i]) + ones(b[i]) + ones(c[i]);
    const uint64_t y = ones(d[i]) + ones(e[i]) + ones(f[i] & 0x0303030303030303);
    const uint64_t sum = (x & low) + (x >> 4 & low) + (y & low) + (y >> 4 & low);
    // Less 21 in each byte, with no borrow between them.
    const uint64_t eight = ((sum | 0x8080808080808080) - 0x1515151515151515) ^ 0x8080808080808080;
    __builtin_memcpy(out + 8 * i, &eight, sizeof eight);
  }
}

bool all_below(size_t n, Word mask, Word q, Word* x) {
  uint64_t above = 0;
  for (size_t i = 0; i < n; ++i) {
    x[i] &= mask;
    above |= q - 1 - x[i];
  }
  return above >> 63 == 0;
}

}  // namespace

void fill(he::SampleKernels& k) { k = {ternary, binomial, all_below}; }

}  // namespace tacit::TACIT_ISA
