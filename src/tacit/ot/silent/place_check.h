// The check that a portion of punctured trees is one, against a sender whose corrections do not fit and who
// would learn places from what then fails (Yang et al., "Ferret", 2020, figure 5, for many trees at once).
// With one Δ, seed from the receiver, and weights X: the sums of X·w and X·v over all leaves differ by F·Δ,
// where F is the sum of the weights at the places. The receiver sends F under a mask, made of 128 correlated
// transfers that are then thrown away; the sender answers with a digest of what both sums, masks added, must
// equal. A tree's weights are a product of one number a level, so that there are few to be drawn, times one a
// tree: wrong corrections pass with (depth + 1)·2^-128, other than by a guess of the places that they
// concern.
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
