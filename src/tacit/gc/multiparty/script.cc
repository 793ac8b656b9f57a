#include "tacit/gc/multiparty/script.h"

#include "tacit/gc/multiparty/context.h"

namespace tacit::gc {

ScriptedBmr::ScriptedBmr(Script& script, std::size_t parties, PartyId evaluator, ot::Source source,
                         const ot::SourceSeconds& transfers, const BmrSeconds& seconds)
    : parties_(parties), evaluator_(evaluator), seconds_(seconds) {
  const Roles roles{parties, evaluator};
  for (std::size_t distance = 1; distance < parties; ++distance)
    for (std::size_t i = 0; i < parties; ++i)
      if (roles.garbles(party_id(i)))
        sources_.emplace_back(script, source, i, (i + distance) % parties, transfers);
}

/// One batch, of as many as of(receiver) says.
template <class Of>
void ScriptedBmr::transfer(Script& script, Of of) {
  for (std::size_t p = 0; p < parties_; ++p) script.fork(p);
  for (ot::ScriptedSource& s : sources_) {
    if (of(s.receiver()) == 0) continue;
    s.transfer(script, of(s.receiver()));
    script.branch(s.sender());
    script.branch(s.receiver());
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

void ScriptedBmr::evaluate(Script& script, const JointCircuit& circuit, std::size_t copies) const {
  const Roles roles{parties_, evaluator_};
  const std::size_t ands = circuit.plan.ands.size() * copies, labels = circuit.inputs.size() * copies;
  auto each_other = [&](std::size_t p, auto body) {
    for (std::size_t other = 0; other < parties_; ++other)
      if (other != p) body(other);
  };
  auto masked = [&](std::size_t p) { return circuit.masked_inputs(party_id(p)) * copies; };
  auto learnt = [&](std::size_t p) { return circuit.learnt_outputs(party_id(p)) * copies; };
  for (std::size_t p = 0; p < parties_; ++p) {
    if (masked(p) > 0)
      each_other(p, [&](std::size_t to) { script.send(p, to, sizeof(Word) + bytes_for(masked(p))); });
    each_other(p, [&](std::size_t from) {
      if (masked(from) > 0) script.receive(p, from);
    });
    if (roles.garbles(party_id(p))) {
      script.work(p, seconds_.input_label * static_cast<double>(labels));
      script.send(p, index(evaluator_), (1 + labels) * sizeof(Label));
    } else {
      for (const PartyId g : roles.garblers()) script.receive(p, index(g));
      script.work(p, seconds_.evaluate * static_cast<double>(ands));
    }
    each_other(p, [&](std::size_t to) {
      if (learnt(to) > 0) script.send(p, to, bytes_for(learnt(to)));
    });
    each_other(p, [&](std::size_t from) {
      if (learnt(p) > 0) script.receive(p, from);
    });
  }
}

std::uint64_t instance_bytes(const JointCircuit& circuit, std::size_t copies, std::size_t parties,
                             PartyId evaluator, PartyId self) {
  const Roles roles{parties, evaluator};
  const std::uint64_t inputs = circuit.inputs.size() * copies, ands = circuit.plan.ands.size() * copies;
  const std::uint64_t bits = words_for(inputs) + words_for(circuit.outputs.size() * copies);
  const std::uint64_t words = bits + (roles.garbles(self) ? 0 : words_for(ands));
  const std::uint64_t labels = roles.garbles(self) ? 1 + inputs : roles.rows_kept() * ands;
  return words * sizeof(Word) + labels * sizeof(Label);
}

}  // namespace tacit::gc
