// What circuits on shares send, message by message, for estimates (net/script.h).
#pragma once

#include "tacit/gc/gmw/gmw.h"
#include "tacit/ot/script.h"

namespace tacit::gc {

/// PairwiseTransfers of the first `parties`.
class ScriptedPairs {
 public:
  /// Writes the set-up down. `silent`: one that sends to nobody.
  ScriptedPairs(Script& script, std::size_t parties, ot::Source source, const ot::SourceSeconds& seconds,
                std::optional<PartyId> silent = std::nullopt);
  /// The transfers from one party to another; not from the silent one.
  ot::ScriptedSource& of(std::size_t sender, std::size_t receiver);
  /// In the order of PairwiseTransfers::for_pairs.
  std::span<ot::ScriptedSource> all() { return pairs_; }

 private:
  std::vector<ot::ScriptedSource> pairs_;
};

/// TripleMaker::make.
void script_triples(Script& script, ScriptedPairs& pairs, std::size_t words);

/// Seconds of one gate of any kind on a word of 64 copies.
struct GmwSeconds {
  double gate = 0;
};
void script_evaluate(Script& script, std::size_t parties, const GmwPlan& plan, std::size_t words,
                     const GmwSeconds& seconds);
/// Gmw::open.
void script_open(Script& script, std::size_t parties, std::size_t words);

}  // namespace tacit::gc
