#include "tacit/gc/multiparty/script.h"

#include "tacit/gc/multiparty/context.h"

namespace tacit::gc {

ScriptedBmr::ScriptedBmr(Script& script, std::size_t parties, PartyId evaluator, ot::Source source,
                         const ot::SourceSeconds& transfers, const BmrSeconds& seconds)
    : parties_(parties),
      evaluator_(evaluator),
      seconds_(seconds),
      pairs_(script, parties, source, transfers, evaluator) {}

/// One batch, of as many as of(receiver) says, in the order in which parties go through it.
template <class Of>
void ScriptedBmr::transfer(Script& script, Of of) {
  const Roles roles{parties_, evaluator_};
  for (std::size_t p = 0; p < parties_; ++p) script.fork(p);
  for (std::size_t distance = 1; distance < parties_; ++distance)
    for (std::size_t sender = 0; sender < parties_; ++sender) {
      const std::size_t receiver = (sender + distance) % parties_;
      if (!roles.garbles(party_id(sender)) || of(receiver) == 0) continue;
      pairs_.of(sender, receiver).transfer(script, of(receiver));
      script.branch(sender);
      script.branch(receiver);
    }
  for (std::size_t p = 0; p < parties_; ++p) script.join(p);
}

void ScriptedBmr::garble(Script& script, const JointCircuit& circuit, std::size_t copies) {
  const Roles roles{parties_, evaluator_};
  const std::size_t ands = circuit.plan.ands.size() * copies, evaluator = index(evaluator_);
  transfer(script, [&](std::size_t p) { return circuit.masked_inputs(party_id(p)) * copies + ands; });
  if (ands == 0) return;
  for (std::size_t p = 0; p < parties_; ++p) {
    const double each = roles.garbles(party_id(p)) ? seconds_.garble_garbler : seconds_.garble_evaluator;
    script.work(p, each * static_cast<double>(ands));
    for (std::size_t to = 0; to < parties_; ++to)
      if (p != to && roles.multiplies_towards(party_id(p), party_id(to)))
        script.send(p, to, bytes_for(2 * ands));
    for (std::size_t from = 0; from < parties_; ++from)
      if (p != from && roles.multiplies_towards(party_id(from), party_id(p))) script.receive(p, from);
  }
  transfer(script, [&](std::size_t) { return ands; });
  for (const PartyId g : roles.garblers()) {
    script.pass(index(g), evaluator, roles.rows_sent() * ands * sizeof(Label));
    if (g == roles.pointer()) script.pass(index(g), evaluator, bytes_for(ands));
  }
}

void ScriptedBmr::evaluate(Script& script, const JointCircuit& circuit,
                           std::span<const std::size_t> instances) const {
  const Roles roles{parties_, evaluator_};
  const std::size_t ands = circuit.plan.ands.size(), labels = circuit.labelled_inputs();
  auto each_other = [&](std::size_t p, auto body) {
    for (std::size_t other = 0; other < parties_; ++other)
      if (other != p) body(other);
  };
  auto tell_outputs = [&](std::size_t p, std::size_t copies) {
    each_other(p, [&](std::size_t to) {
      const std::size_t learnt = circuit.learnt_outputs(party_id(to)) * copies;
      if (learnt > 0) script.send(p, to, bytes_for(learnt));
    });
  };
  for (std::size_t p = 0; p < parties_; ++p) {
    const bool garbles = roles.garbles(party_id(p));
    for (const std::size_t copies : instances)
      if (const std::size_t told = circuit.told_inputs(party_id(p)) * copies; told > 0)
        each_other(p, [&](std::size_t to) { script.send(p, to, sizeof(Word) + bytes_for(told)); });
    for (std::size_t i = 0; i < instances.size(); ++i)
      each_other(p, [&](std::size_t from) {
        if (circuit.told_inputs(party_id(from)) > 0) script.receive(p, from);
      });
    for (const std::size_t copies : instances) {
      if (garbles) {
        script.work(p, seconds_.input_label * static_cast<double>(labels * copies));
        script.send(p, index(evaluator_), (1 + labels * copies) * sizeof(Label));
        continue;
      }
      for (const PartyId g : roles.garblers()) script.receive(p, index(g));
      script.work(p, seconds_.evaluate * static_cast<double>(ands * copies));
      tell_outputs(p, copies);
    }
    for (const std::size_t copies : instances)
      if (garbles) tell_outputs(p, copies);
    for (std::size_t i = 0; i < instances.size(); ++i)
      each_other(p, [&](std::size_t from) {
        if (circuit.learnt_outputs(party_id(p)) > 0) script.receive(p, from);
      });
  }
}

}  // namespace tacit::gc
