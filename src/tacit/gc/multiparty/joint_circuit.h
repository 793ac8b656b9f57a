// What several parties compute together: a circuit, who brings each input and who learns each output. Public,
// and the same at all parties.
#pragma once

#include "tacit/gc/garble/plan.h"
#include "tacit/net/frame.h"

namespace tacit::gc {

struct InputFrom {
  enum class Kind { Shared, Ahead, Owner, Public };
  Kind kind = Kind::Shared;
  PartyId owner{};

  /// The sum of one bit of each party.
  static InputFrom all() { return {}; }
  /// The same, known when the circuit is garbled. Such an input is its own mask: its masked value is 0, its
  /// label for that is 0, and nothing travels for it.
  static InputFrom ahead() { return {Kind::Ahead, {}}; }
  static InputFrom party(PartyId owner) { return {Kind::Owner, owner}; }
  /// Known to all when the circuit is evaluated.
  static InputFrom everybody() { return {Kind::Public, {}}; }
};

struct OutputTo {
  enum class Kind { Shared, One, All };
  Kind kind = Kind::All;
  PartyId who{};

  static OutputTo all() { return {}; }
  static OutputTo party(PartyId who) { return {Kind::One, who}; }
  /// Nobody: each party has one bit of a sum.
  static OutputTo nobody() { return {Kind::Shared, {}}; }
};

struct JointCircuit {
  /// An entry for each input and output of the circuit.
  JointCircuit(const Circuit& circuit, std::vector<InputFrom> from, std::vector<OutputTo> to);

  Plan plan;
  std::vector<InputFrom> inputs;
  std::vector<OutputTo> outputs;

  /// True if a party has a share of that input's mask.
  bool masks(PartyId p, std::size_t input) const;
  /// True if it tells its share of the masked input when the circuit is evaluated.
  bool tells(PartyId p, std::size_t input) const;
  /// True if the evaluator is told the input's labels.
  bool labelled(std::size_t input) const { return inputs[input].kind != InputFrom::Kind::Ahead; }
  bool learns(PartyId p, std::size_t output) const;
  std::size_t masked_inputs(PartyId p) const;
  std::size_t told_inputs(PartyId p) const;
  std::size_t labelled_inputs() const;
  std::size_t learnt_outputs(PartyId p) const;
  /// Wires that are masked anew, in this order: all inputs, and all And gates' outputs.
  std::size_t masked_wires() const { return plan.inputs + plan.ands.size(); }
};

}  // namespace tacit::gc
