// What multiparty garbling sends, message by message, for estimates (net/script.h).
#pragma once

#include "tacit/gc/gmw/script.h"
#include "tacit/gc/multiparty/bmr.h"

namespace tacit::gc {

/// Seconds of one And gate and copy, transfers not counted.
struct BmrSeconds {
  double garble_garbler = 0, garble_evaluator = 0;
  double evaluate = 0;     ///< the evaluator's
  double input_label = 0;  ///< a garbler's, of an input that has labels, and copy
};

class ScriptedBmr {
 public:
  /// Writes down the set-up of the garblers' transfers to all others: PairwiseTransfers with a silent
  /// evaluator.
  ScriptedBmr(Script& script, std::size_t parties, PartyId evaluator, ot::Source source,
              const ot::SourceSeconds& transfers, const BmrSeconds& seconds);
  /// Bmr::garble.
  void garble(Script& script, const JointCircuit& circuit, std::size_t copies);
  /// The evaluation of several instances at once, of so many copies each.
  void evaluate(Script& script, const JointCircuit& circuit, std::span<const std::size_t> instances) const;

 private:
  template <class Of>
  void transfer(Script& script, Of of);

  std::size_t parties_;
  PartyId evaluator_;
  BmrSeconds seconds_;
  ScriptedPairs pairs_;
};

}  // namespace tacit::gc
