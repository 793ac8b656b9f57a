// The check of a portion of punctured trees, against a sender whose corrections do not fit and who would
// learn places from what then goes wrong (Yang et al., "Ferret", 2020: the consistency check of multi-point
// transfer, over many trees at once). Weights X of the leaves come from a seed that the receiver draws once
// it has the corrections. The sums of X·w and X·v then differ by F·Δ, where F is the sum of the weights at
// the places. The receiver sends F under a mask that 128 transfers make, which serve nothing else; the sender
// answers with a digest of its sum with F·Δ and masks added, which must equal the receiver's.
//
// A leaf's weight is a product of one number for each level at which its path goes right, and one for its
// tree. Wrong corrections pass with (depth + 1)·2^-128, or by a guess of the places that they concern.
#pragma once

#include <vector>

#include "tacit/base/cpu.h"
#include "tacit/crypto/block.h"
#include "tacit/crypto/hash.h"
#include "tacit/ot/kernels/ot_kernels.h"

namespace tacit::ot {

class PlaceCheck {
 public:
  static constexpr std::size_t kSeed = 16;
  static constexpr std::size_t kTransfers = 128;  ///< that a check uses up
  PlaceCheck(ByteView seed, unsigned depth, std::size_t trees, Isa isa);

  /// The weighted sum over all trees' leaves.
  Block sum(std::span<const Block> leaves) const;
  /// F.
  Block at(std::span<const Word> places) const;
  /// The mask that 128 blocks make, and that 128 bits do.
  static Block mask(const OtKernels& kernels, std::span<const Block> blocks);

 private:
  const OtKernels& kernels_;
  std::size_t depth_;
  std::vector<Block> levels_, trees_, weights_;
};

/// What the sender answers.
Digest place_digest(Block sum);

}  // namespace tacit::ot
