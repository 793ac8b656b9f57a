// Bits in words, without gaps: of some wires in some copies, wire after wire, as they travel.
#pragma once

#include "tacit/gc/garble/label.h"

namespace tacit::gc {

inline std::size_t words_for(std::size_t bits) { return (bits + 63) / 64; }
inline std::size_t bytes_for(std::size_t bits) { return (bits + 7) / 8; }
/// The bytes in which some bits travel.
ByteView packed(std::span<const Word> bits, std::size_t count);
ByteSpan packed(std::span<Word> bits, std::size_t count);

/// Up to 64 bits from bit `at`.
Word bits_at(const Word* from, std::size_t at, std::size_t count);
/// Writes them there.
void put_bits(Word* to, std::size_t at, std::size_t count, Word bits);
void copy_bits(const Word* from, std::size_t from_at, Word* to, std::size_t to_at, std::size_t count);
/// to ^= from.
void xor_bits(const Word* from, std::size_t from_at, Word* to, std::size_t to_at, std::size_t count);

/// The lowest bits of some labels, as bits [at, at + labels.size()) of `to`.
void put_colours(std::span<const Label> labels, Word* to, std::size_t at);

}  // namespace tacit::gc
