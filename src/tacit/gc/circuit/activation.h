// The activation between two masked layers: from x + m, opened, to relu(x / 2^shift) - next, which is opened
// in turn. The moduli are powers of two; the masks m and next are shared by bits.
#pragma once

#include "tacit/gc/circuit/builder.h"

namespace tacit::gc {

/// What the parties put in for the opened word x + m, a public input: rounding is done on it, for nothing.
Word activation_word(Word opened, std::size_t bits, std::size_t shift);

/// `word`: activation_word's bits; `mask`: as wide. Gives max(floor(x / 2^shift + 1/2), 0) - next modulo
/// 2^(next's width), where x is signed and the rounded value is taken modulo 2^(bits - shift). And gates:
/// (bits - 1) + (bits - shift - 1) + (next's width - 1): 81 for 32 bits, a shift of 12 and a next of 32.
Bits masked_relu(Builder& c, const Bits& word, const Bits& mask, const Bits& next, std::size_t shift);

}  // namespace tacit::gc
