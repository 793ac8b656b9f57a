#include "tacit/gc/multiparty/joint_circuit.h"

#include "tacit/base/error.h"

namespace tacit::gc {

JointCircuit::JointCircuit(const Circuit& circuit, std::vector<InputFrom> from, std::vector<OutputTo> to)
    : plan(circuit), inputs(std::move(from)), outputs(std::move(to)) {
  require(inputs.size() == circuit.inputs && outputs.size() == circuit.outputs.size(),
          "a circuit of {} inputs and {} outputs is told of {} and {}", circuit.inputs,
          circuit.outputs.size(), inputs.size(), outputs.size());
}

bool JointCircuit::tells(PartyId p, std::size_t input) const {
  const InputFrom& from = inputs[input];
  return from.kind == InputFrom::Kind::Shared || (from.kind == InputFrom::Kind::Owner && from.owner == p);
}
bool JointCircuit::masks(PartyId p, std::size_t input) const {
  return inputs[input].kind == InputFrom::Kind::Ahead || tells(p, input);
}
bool JointCircuit::learns(PartyId p, std::size_t output) const {
  const OutputTo& to = outputs[output];
  return to.kind == OutputTo::Kind::All || (to.kind == OutputTo::Kind::One && to.who == p);
}
std::size_t JointCircuit::masked_inputs(PartyId p) const {
  std::size_t n = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) n += masks(p, i);
  return n;
}
std::size_t JointCircuit::told_inputs(PartyId p) const {
  std::size_t n = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) n += tells(p, i);
  return n;
}
std::size_t JointCircuit::labelled_inputs() const {
  std::size_t n = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) n += labelled(i);
  return n;
}
std::size_t JointCircuit::learnt_outputs(PartyId p) const {
  std::size_t n = 0;
  for (std::size_t o = 0; o < outputs.size(); ++o) n += learns(p, o);
  return n;
}

}  // namespace tacit::gc
