// Sixteen bytes: the unit of garbling and oblivious transfer.
#pragma once

#include <span>

#include "tacit/base/bytes.h"

namespace tacit {

struct alignas(16) Block {
  Word low = 0, high = 0;
  bool operator==(const Block&) const = default;
  friend Block operator^(Block a, Block b) { return {a.low ^ b.low, a.high ^ b.high}; }
  /// All of it where the bit is 1, else zero.
  friend Block operator&(Block a, Word bit) { return {a.low & (0 - bit), a.high & (0 - bit)}; }
};

inline std::span<const Word> words(std::span<const Block> blocks) {
  return {reinterpret_cast<const Word*>(blocks.data()), 2 * blocks.size()};
}
inline std::span<Word> words(std::span<Block> blocks) {
  return {reinterpret_cast<Word*>(blocks.data()), 2 * blocks.size()};
}

}  // namespace tacit
