// For tests only: correlated transfer by a dealer whom both ends trust, in one process. Nothing travels.
#pragma once

#include <memory>

#include "tacit/gc/multiparty/bmr.h"

namespace tacit::gc::testing {

/// Deals between all pairs of parties, each of which uses its ends in a thread of its own.
class CotDealer {
 public:
  /// Deltas and keys follow from the seed.
  CotDealer(std::size_t parties, std::uint64_t seed);
  ~CotDealer();

  Label delta(PartyId p) const;
  /// An entry for each party; the dealer outlives them.
  std::vector<CotEnds> ends(PartyId p);
  /// Transfers so far, over all pairs.
  std::size_t transfers() const;

 private:
  struct Pair;
  std::size_t parties_;
  std::vector<Label> deltas_;
  std::vector<std::unique_ptr<Pair>> pairs_;  ///< from each to each
};

}  // namespace tacit::gc::testing
