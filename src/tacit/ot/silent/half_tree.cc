#include "tacit/ot/silent/half_tree.h"

#include "tacit/base/error.h"

namespace tacit::ot {

/// The nodes of a level, which come first in `leaves`, become twice as many: left children, then right ones.
/// Gives the sum of the left ones.
Block HalfTree::split(std::uint64_t number, std::size_t level, std::span<Block> leaves) const {
  ensure(number >> 56 == 0, "as many trees as there are tweaks");
  const std::size_t nodes = std::size_t{1} << level;
  const std::span<Block> left = leaves.first(nodes), right = leaves.subspan(nodes, nodes);
  hash_.hash(number << 8 | level, 0, words(std::span<const Block>(left)), words(right));
  Block sum;
  kernels_.branch(words(left).data(), words(right).data(), nodes, words(std::span<Block>(&sum, 1)).data());
  return sum;
}

void HalfTree::grow(std::uint64_t number, Block delta, std::span<const Block> keys,
                    std::span<Block> corrections, std::span<Block> leaves) const {
  ensure(corrections.size() + 1 == keys.size() && leaves.size() == std::size_t{1} << keys.size(),
         "a tree as deep as it has keys");
  leaves[0] = keys[0];
  leaves[1] = keys[0] ^ delta;
  for (std::size_t l = 1; l < keys.size(); ++l) corrections[l - 1] = keys[l] ^ split(number, l, leaves);
}

// The path to the place that is not known is walked with nonsense. A side's sum is then off by what the
// path's sibling lacks; the sum of all leaves, by what the leaf at the place lacks of the sum of all others.
Word HalfTree::grow_punctured(std::uint64_t number, std::span<const Block> received,
                              std::span<const Block> corrections, std::span<Block> leaves) const {
  ensure(corrections.size() + 1 == received.size() && leaves.size() == std::size_t{1} << received.size(),
         "a tree as deep as it has keys");
  auto add_at = [&](std::span<Block> blocks, Word at, Block value) {
    kernels_.add_at(words(blocks).data(), blocks.size(), at, words(std::span<const Block>(&value, 1)).data());
  };
  Block all;  // of the present level, nonsense included
  leaves[0] = leaves[1] = received[0];
  Word place = (received[0].low & 1) ^ 1;
  for (std::size_t l = 1; l < received.size(); ++l) {
    const std::span<Block> level = leaves.first(std::size_t{2} << l);
    const Word side = received[l].low & 1;
    const Block left = split(number, l, leaves), right = left ^ all;
    const Block mend = corrections[l - 1] ^ received[l] ^ left ^ ((left ^ right) & side);
    add_at(level, place | side << l, mend);
    all = all ^ mend;
    place |= (side ^ 1) << l;
  }
  add_at(leaves, place, all);
  return place;
}

}  // namespace tacit::ot
