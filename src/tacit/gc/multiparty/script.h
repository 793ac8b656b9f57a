// What multiparty garbling sends, message by message, for estimates (net/script.h).
#pragma once

#include "tacit/gc/multiparty/bmr.h"
#include "tacit/ot/script.h"

namespace tacit::gc {

/// Seconds of one And gate and copy, transfers not counted.
struct BmrSeconds {
  double garble_garbler = 0, garble_evaluator = 0;
  double evaluate = 0;     ///< the evaluator's
  double input_label = 0;  ///< a garbler's, of an input and copy
};

class ScriptedBmr {
 public:
  /// Writes down the set-up of the garblers' transfers to all others.
  ScriptedBmr(Script& script, std::size_t parties, PartyId evaluator, ot::Source source,
              const ot::SourceSeconds& transfers, const BmrSeconds& seconds);
  /// Bmr::garble, and the evaluation of what it gave.
  void garble(Script& script, const JointCircuit& circuit, std::size_t copies);
  void evaluate(Script& script, const JointCircuit& circuit, std::size_t copies) const;

 private:
  template <class Of>
  void transfer(Script& script, Of of);

  std::size_t parties_;
  PartyId evaluator_;
  BmrSeconds seconds_;
  std::vector<ot::ScriptedSource> sources_;  ///< in the order in which a batch goes through them
};

/// Bytes of the instance that a party keeps.
std::uint64_t instance_bytes(const JointCircuit& circuit, std::size_t copies, std::size_t parties,
                             PartyId evaluator, PartyId self);

}  // namespace tacit::gc
