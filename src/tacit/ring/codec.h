// Fixed-point numbers: a real r is the ring element round(r·2^f), halves to even, in two's complement.
#pragma once

#include <span>

#include "tacit/ring/tensor.h"

namespace tacit {

/// The range of f that jobs may choose: below, nothing can be learnt; above, products leave the ring.
constexpr unsigned kMinFractionBits = 8, kMaxFractionBits = 24;

/// UsageError for NaN, infinities and values whose code would not fit in 62 bits.
Word encode_fixed(double value, unsigned fraction_bits);
inline double decode_fixed(Word word, unsigned fraction_bits) {
  return static_cast<double>(static_cast<std::int64_t>(word)) / static_cast<double>(Word{1} << fraction_bits);
}
Words encode_fixed(std::span<const double> values, unsigned fraction_bits);
std::vector<double> decode_fixed(std::span<const Word> words, unsigned fraction_bits);

}  // namespace tacit
