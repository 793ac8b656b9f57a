// What the steps of multiparty garbling have in common: who does what, and a walk over a block of copies.
#pragma once

#include <algorithm>
#include <functional>

#include "tacit/gc/multiparty/bits.h"
#include "tacit/gc/multiparty/bmr.h"

namespace tacit::gc {

struct Roles {
  std::size_t parties;
  PartyId evaluator;

  bool garbles(PartyId p) const { return p != evaluator; }
  std::vector<PartyId> garblers() const {
    std::vector<PartyId> out;
    for (std::size_t i = 0; i < parties; ++i)
      if (garbles(party_id(i))) out.push_back(party_id(i));
    return out;
  }
  /// Whose labels' colours tell the evaluator the masked values.
  PartyId pointer() const { return garblers().front(); }
  /// Of two parties, the one whose transfers serve for the products of both's masks.
  bool multiplies_towards(PartyId from, PartyId to) const {
    return garbles(from) && (!garbles(to) || from < to);
  }
  /// Rows that a garbler sends for a gate: two for its own label, three for that of each other garbler.
  std::size_t rows_sent() const { return 2 + 3 * (parties - 2); }
  /// Rows that the evaluator keeps of a gate.
  std::size_t rows_kept() const { return 3 * (parties - 1); }
};

/// What hashes are for: no two of these share keys, nor does two-party garbling.
inline std::uint32_t row_use(PartyId from, PartyId to) {
  return static_cast<std::uint32_t>(1 << 16 | index(from) << 8 | index(to));
}
inline std::uint32_t product_use(PartyId from, PartyId to) {
  return static_cast<std::uint32_t>(2 << 16 | index(from) << 8 | index(to));
}

/// One garbling, at one party.
struct Context {
  Party& party;
  const JointCircuit& circuit;
  std::size_t copies;
  Roles roles;
  const std::vector<CotEnds>& cots;
  const GateHash& hash;
  std::uint64_t number;
  const Label& delta;           ///< a garbler's
  std::span<const Word> ahead;  ///< own bits of inputs that are known ahead, in their places among all

  PartyId self() const { return party.id(); }
  std::size_t ands() const { return circuit.plan.ands.size(); }
  std::size_t inputs() const { return circuit.plan.inputs; }
  std::vector<PartyId> peers() const {
    std::vector<PartyId> out;
    for (std::size_t i = 0; i < roles.parties; ++i)
      if (party_id(i) != self()) out.push_back(party_id(i));
    return out;
  }
};

/// Copies whose gates share keys, and so are walked together.
struct CopyBlock {
  std::size_t first, copies;
  std::size_t number() const { return first / GateHash::kCopiesPerKey; }
};
template <class Body>
void for_blocks(std::size_t copies, Body body) {
  for (std::size_t first = 0; first < copies; first += GateHash::kCopiesPerKey)
    body(CopyBlock{first, std::min(GateHash::kCopiesPerKey, copies - first)});
}

inline const Word* in(const Label* l) { return &l->low; }
inline Word* in(Label* l) { return &l->low; }

/// A label for each slot and copy of a block. Those of inputs and of And gates may lie elsewhere, in an array
/// that outlives the walk, and are then not copied.
class BlockLabels {
 public:
  BlockLabels(const Plan& plan, std::size_t copies)
      : copies_(copies), labels_(plan.slots * copies), at_(plan.slots, nullptr) {}

  const Label* at(std::uint32_t slot) const { return at_[slot]; }
  /// Room for a slot's labels, to be written now.
  Label* room(std::uint32_t slot) {
    Label* out = labels_.data() + slot * copies_;
    at_[slot] = out;
    return out;
  }
  void refer(std::uint32_t slot, const Label* elsewhere) { at_[slot] = elsewhere; }
  /// The inputs' labels, in an array of all copies.
  void refer_inputs(const Plan& plan, const Label* inputs, std::size_t all_copies, CopyBlock block) {
    for (std::size_t i = 0; i < plan.inputs; ++i)
      refer(static_cast<std::uint32_t>(i), inputs + i * all_copies + block.first);
  }
  void add(const GateKernels& k, const FreePlaces& g) {
    const Label *a = at(g.a), *b = at(g.b);
    k.exclusive_or(in(a), in(b), in(room(g.out)), copies_);
  }
  void copy(const FreePlaces& g) {
    const Label* a = at(g.a);
    const std::less<> before;
    if (!before(a, labels_.data()) && before(a, labels_.data() + labels_.size()))
      std::copy_n(a, copies_, room(g.out));
    else
      refer(g.out, a);
  }
  void flip(const FreePlaces& g, Label by) {
    const Label* a = at(g.a);
    Label* out = room(g.out);
    for (std::size_t i = 0; i < copies_; ++i) out[i] = a[i] ^ by;
  }

 private:
  std::size_t copies_;
  WipedLabels labels_;
  std::vector<const Label*> at_;
};

/// Calls and_gate(number, gate), xor_gate(gate) and not_gate(gate) in the plan's order.
template <class And, class Xor, class Not>
void walk(const Plan& plan, And and_gate, Xor xor_gate, Not not_gate) {
  std::size_t a = 0, f = 0;
  for (const Plan::Step& step : plan.steps) {
    for (std::size_t end = a + step.ands; a < end; ++a) and_gate(a, plan.ands[a]);
    for (std::size_t end = f + step.frees; f < end; ++f)
      plan.frees[f].inverts ? not_gate(plan.frees[f]) : xor_gate(plan.frees[f]);
  }
}

}  // namespace tacit::gc
