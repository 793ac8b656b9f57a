// Single-point correlated transfer: of 2^depth blocks w that the sender has, the receiver has all as they are
// but one, at a place that is its secret, which is w ^ Δ. By correlated GGM trees (Guo, Yang, Wang, Zhang,
// Xie, Liu, Zhao, "Half-Tree", 2023): on each level a node x has the children H(x) and x ^ H(x), so
// that every level's sum is Δ. A level uses one correlated transfer, at a random choice, and all but the
// first one block from the sender. H is the tweaked hash; no tweak comes twice under a Δ.
//
// The place: bit l is the opposite of level l's choice. All accesses are independent of it.
#pragma once

#include "tacit/crypto/block.h"
#include "tacit/crypto/tweaked_hash.h"
#include "tacit/ot/kernels/ot_kernels.h"

namespace tacit::ot {

class HalfTree {
 public:
  explicit HalfTree(Isa isa) : hash_(isa), kernels_(ot_kernels(isa)) {}

  /// `keys`: of one transfer a level; `corrections`, one fewer, are for the receiver. `number`, below 2^56,
  /// is another for each tree under one Δ.
  void grow(std::uint64_t number, Block delta, std::span<const Block> keys, std::span<Block> corrections,
            std::span<Block> leaves) const;
  /// `received`: what the same transfers gave for choices that are the blocks' lowest bits. Gives the place.
  Word grow_punctured(std::uint64_t number, std::span<const Block> received,
                      std::span<const Block> corrections, std::span<Block> leaves) const;

 private:
  Block split(std::uint64_t number, std::size_t level, std::span<Block> leaves) const;
  TweakedHash hash_;
  const OtKernels& kernels_;
};

}  // namespace tacit::ot
