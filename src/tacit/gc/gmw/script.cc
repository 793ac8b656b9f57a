#include "tacit/gc/gmw/script.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit::gc {

// PairwiseTransfers::for_pairs: every party takes the others in their order, and of two the first receives
// first.
ScriptedPairs::ScriptedPairs(Script& script, std::size_t parties, ot::Source source,
                             const ot::SourceSeconds& seconds, std::optional<PartyId> silent) {
  auto add = [&](std::size_t sender, std::size_t receiver) {
    if (party_id(sender) != silent) pairs_.emplace_back(script, source, sender, receiver, seconds);
  };
  for (std::size_t i = 0; i < parties; ++i)
    for (std::size_t j = i + 1; j < parties; ++j) {
      add(j, i);
      add(i, j);
    }
}

ot::ScriptedSource& ScriptedPairs::of(std::size_t sender, std::size_t receiver) {
  const auto found = std::find_if(pairs_.begin(), pairs_.end(), [&](const ot::ScriptedSource& s) {
    return s.sender() == sender && s.receiver() == receiver;
  });
  ensure(found != pairs_.end(), "transfers between two parties");
  return *found;
}

void script_triples(Script& script, ScriptedPairs& pairs, std::size_t words) {
  for (std::size_t done = 0; done < words; done += TripleMaker::kWordsAtOnce)
    for (ot::ScriptedSource& pair : pairs.all())
      pair.correlated_bits(script, 64 * std::min(TripleMaker::kWordsAtOnce, words - done));
}

void script_open(Script& script, std::size_t parties, std::size_t words) {
  script.trade(parties, [&](std::size_t, std::size_t) { return words * sizeof(Word); });
}

void script_evaluate(Script& script, std::size_t parties, const GmwPlan& plan, std::size_t words,
                     const GmwSeconds& seconds) {
  const double work = seconds.gate * static_cast<double>(plan.circuit().gates.size() * words) /
                      static_cast<double>(plan.rounds() + 1);
  for (std::size_t level = 0; level <= plan.rounds(); ++level) {
    if (level > 0) script_open(script, parties, 2 * plan.ands_at(level) * words);
    for (std::size_t p = 0; p < parties; ++p) script.work(p, work);
  }
}

}  // namespace tacit::gc
