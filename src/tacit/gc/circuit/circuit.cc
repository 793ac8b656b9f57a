#include "tacit/gc/circuit/circuit.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit::gc {

std::size_t Circuit::ands() const {
  return static_cast<std::size_t>(
      std::count_if(gates.begin(), gates.end(), [](const Gate& g) { return g.kind == Gate::Kind::And; }));
}

std::size_t Circuit::depth() const {
  std::vector<std::size_t> at(wires, 0);
  for (const Gate& g : gates) {
    const std::size_t before = g.kind == Gate::Kind::Not ? at[g.a] : std::max(at[g.a], at[g.b]);
    at[g.out] = before + (g.kind == Gate::Kind::And ? 1 : 0);
  }
  std::size_t deepest = 0;
  for (Wire w : outputs) deepest = std::max(deepest, at[w]);
  return deepest;
}

std::vector<Word> evaluate(const Circuit& circuit, std::span<const Word> inputs) {
  ensure(inputs.size() == circuit.inputs, "a word for every input of the circuit");
  std::vector<Word> at(circuit.wires);
  std::copy(inputs.begin(), inputs.end(), at.begin());
  for (const Gate& g : circuit.gates) {
    switch (g.kind) {
      case Gate::Kind::And:
        at[g.out] = at[g.a] & at[g.b];
        break;
      case Gate::Kind::Xor:
        at[g.out] = at[g.a] ^ at[g.b];
        break;
      case Gate::Kind::Not:
        at[g.out] = ~at[g.a];
        break;
    }
  }
  std::vector<Word> out;
  for (Wire w : circuit.outputs) out.push_back(at[w]);
  return out;
}

}  // namespace tacit::gc
