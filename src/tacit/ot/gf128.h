// The field GF(2^128) as polynomials modulo x^128 + x^7 + x^2 + x + 1; bit i of a block is the coefficient of
// x^i. Products come from the kernels unreduced; sums of them are reduced once.
#pragma once

#include "tacit/crypto/block.h"
#include "tacit/ot/kernels/ot_kernels.h"

namespace tacit::ot {

/// Of a polynomial of 256 coefficients.
inline Block reduce(std::span<const Word, 4> p) {
  // x^128 = x^7 + x^2 + x + 1: the upper half comes down once, and what that lifts above again once more.
  auto times = [](Word x, Word& above) {
    above = x >> 63 ^ x >> 62 ^ x >> 57;
    return x ^ x << 1 ^ x << 2 ^ x << 7;
  };
  Word above_low = 0, above_high = 0, none = 0;
  const Word low = times(p[2], above_low), high = times(p[3], above_high);
  return {p[0] ^ low ^ times(above_high, none), p[1] ^ high ^ above_low};
}

/// The sum of a[i]·b[i].
inline Block inner_product(const OtKernels& kernels, std::span<const Block> a, std::span<const Block> b) {
  Word sum[4] = {};
  kernels.multiply_add(words(a).data(), words(b).data(), a.size(), sum);
  return reduce(sum);
}
inline Block multiply(const OtKernels& kernels, Block a, Block b) {
  return inner_product(kernels, std::span<const Block>(&a, 1), std::span<const Block>(&b, 1));
}

}  // namespace tacit::ot
