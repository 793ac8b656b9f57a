#include "tacit/gc/multiparty/context.h"

namespace tacit::gc {

BmrCost bmr_cost(const JointCircuit& circuit, std::size_t copies, std::size_t parties, PartyId evaluator) {
  const Roles roles{parties, evaluator};
  const std::uint64_t ands = circuit.plan.ands.size() * copies, garblers = parties - 1, peers = parties - 1;
  BmrCost out;
  if (ands > 0) {
    out.garble_bytes = parties * peers / 2 * bytes_for(2 * ands)              // products
                       + garblers * roles.rows_sent() * ands * sizeof(Label)  // rows
                       + bytes_for(ands);                                     // colours
    // Between two, both messages go one way, with the evaluator's second transfers between them.
    out.garble_rounds = parties == 2 ? 1 : 2;
  }
  bool anybody_tells = false, anybody_learns = false;
  for (std::size_t i = 0; i < parties; ++i) {
    const PartyId p = party_id(i);
    const std::uint64_t masked = circuit.masked_inputs(p) * copies;
    const std::uint64_t learnt = circuit.learnt_outputs(p) * copies;
    const std::uint64_t senders = garblers - (roles.garbles(p) ? 1 : 0);
    out.transfers += senders * (masked + 2 * ands);
    const std::uint64_t told = circuit.told_inputs(p) * copies;
    if (told > 0) out.evaluate_bytes += peers * (sizeof(Word) + bytes_for(told));
    out.evaluate_bytes += peers * bytes_for(learnt);
    anybody_tells |= told > 0;
    anybody_learns |= learnt > 0 && p != evaluator;
  }
  out.evaluate_bytes += garblers * (1 + circuit.labelled_inputs() * copies) * sizeof(Label);
  out.evaluate_rounds = 1 + (anybody_tells ? 1 : 0) + (anybody_learns ? 1 : 0);
  return out;
}

}  // namespace tacit::gc
