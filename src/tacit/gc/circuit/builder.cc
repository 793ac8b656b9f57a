#include "tacit/gc/circuit/builder.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit::gc {

Bit Builder::input() {
  ensure(!building_gates_, "inputs come before gates");
  ++circuit_.inputs;
  return Bit(static_cast<Wire>(circuit_.wires++));
}
Bits Builder::inputs(std::size_t bits) {
  Bits out;
  for (std::size_t i = 0; i < bits; ++i) out.push_back(input());
  return out;
}

Bit Builder::gate(Gate::Kind kind, Wire a, Wire b) {
  if (a > b) std::swap(a, b);
  building_gates_ = true;
  const auto [place, fresh] = made_.try_emplace({kind, a, b}, static_cast<Wire>(circuit_.wires));
  if (fresh) circuit_.gates.push_back({kind, a, b, static_cast<Wire>(circuit_.wires++)});
  return Bit(place->second);
}

std::optional<Wire> Builder::negation_of(Bit a) const {
  const auto found = negated_.find(a.wire());
  if (found == negated_.end()) return std::nullopt;
  return found->second;
}

Bit Builder::bit_not(Bit a) {
  if (a.is_constant()) return Bit(!a.value());
  if (const auto known = negation_of(a)) return Bit(*known);
  const Bit out = gate(Gate::Kind::Not, a.wire(), a.wire());
  negated_[a.wire()] = out.wire();
  negated_[out.wire()] = a.wire();
  return out;
}

Bit Builder::bit_xor(Bit a, Bit b) {
  if (a.is_constant()) return a.value() ? bit_not(b) : b;
  if (b.is_constant()) return b.value() ? bit_not(a) : a;
  if (a == b) return Bit(false);
  if (negation_of(a) == b.wire()) return Bit(true);
  return gate(Gate::Kind::Xor, a.wire(), b.wire());
}

Bit Builder::bit_and(Bit a, Bit b) {
  if (a.is_constant()) return a.value() ? b : Bit(false);
  if (b.is_constant()) return b.value() ? a : Bit(false);
  if (a == b) return a;
  if (negation_of(a) == b.wire()) return Bit(false);
  return gate(Gate::Kind::And, a.wire(), b.wire());
}

Circuit Builder::finish(const Bits& outputs) {
  Bits wires = outputs;
  for (Bit& b : wires) {
    if (!b.is_constant()) continue;
    require(circuit_.inputs > 0, "a circuit without inputs has no outputs");
    // x ^ x, and its negation: made by hand, since the builder itself would fold it again.
    const Bit zero = gate(Gate::Kind::Xor, 0, 0);
    b = b.value() ? bit_not(zero) : zero;
  }
  // What no output needs is left out, and the wires are numbered anew.
  std::vector<bool> needed(circuit_.wires, false);
  for (const Bit& b : wires) needed[b.wire()] = true;
  for (auto g = circuit_.gates.rbegin(); g != circuit_.gates.rend(); ++g)
    if (needed[g->out]) needed[g->a] = needed[g->b] = true;
  Circuit out;
  out.inputs = out.wires = circuit_.inputs;
  std::vector<Wire> number(circuit_.wires);
  for (std::size_t i = 0; i < circuit_.inputs; ++i) number[i] = static_cast<Wire>(i);
  for (const Gate& g : circuit_.gates) {
    if (!needed[g.out]) continue;
    number[g.out] = static_cast<Wire>(out.wires++);
    out.gates.push_back({g.kind, number[g.a], number[g.b], number[g.out]});
  }
  for (const Bit& b : wires) out.outputs.push_back(number[b.wire()]);
  circuit_ = {};
  made_.clear();
  negated_.clear();
  building_gates_ = false;
  return out;
}

}  // namespace tacit::gc
