// The fields GF(2^128), as polynomials modulo x^128 + x^7 + x^2 + x + 1, and GF(2^64); bit i is the
// coefficient of x^i. Products come from the kernels unreduced; sums of them are reduced once.
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

/// GF(2^64), modulo x^64 + x^4 + x^3 + x + 1: of a polynomial of 128 coefficients.
inline Word reduce_half(std::span<const Word, 2> p) {
  auto times = [](Word x) { return x ^ x << 1 ^ x << 3 ^ x << 4; };
  const Word above = p[1] >> 63 ^ p[1] >> 61 ^ p[1] >> 60;
  return p[0] ^ times(p[1]) ^ times(above);
}
inline Word multiply_half(const OtKernels& kernels, Word a, Word b) {
  const Word x[2] = {a, 0}, y[2] = {b, 0};
  Word sum[2] = {};
  kernels.multiply_add_words(x, y, 1, sum);
  return reduce_half(sum);
}
/// Both halves of a block, each an element, times a scalar.
inline Block scale(const OtKernels& kernels, Word scalar, Block b) {
  return {multiply_half(kernels, scalar, b.low), multiply_half(kernels, scalar, b.high)};
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
