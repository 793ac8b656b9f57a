// For tests only: correlated transfer by a dealer whom both ends trust, in one process. Nothing travels, and
// nobody waits: the two ends share a generator and the sender's delta.
#pragma once

#include <memory>

#include "tacit/gc/multiparty/bmr.h"

namespace tacit::gc::testing {

/// Deals between all pairs of parties, each of which may use its ends in a thread of its own.
class CotDealer {
 public:
  /// Deltas and keys follow from the seed.
  CotDealer(std::size_t parties, std::uint64_t seed);
  ~CotDealer();

  Label delta(PartyId p) const { return deltas_[index(p)]; }
  /// An entry for each party; the dealer outlives them.
  std::vector<CotEnds> ends(PartyId p);
  /// Transfers sent so far, over all pairs.
  std::size_t transfers() const;

 private:
  struct Sender;
  struct Receiver;
  std::vector<Label> deltas_;
  std::vector<std::unique_ptr<Sender>> senders_;  ///< from each to each
  std::vector<std::unique_ptr<Receiver>> receivers_;
};

}  // namespace tacit::gc::testing
