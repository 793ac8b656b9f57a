// Boolean circuits as data: what garbling and GMW evaluate gate by gate, whoever built them. Xor and Not cost
// nothing in either; And is what counts.
#pragma once

#include <vector>

#include "tacit/base/bytes.h"

namespace tacit::gc {

using Wire = std::uint32_t;

struct Gate {
  enum class Kind : std::uint8_t { And, Xor, Not };
  Kind kind;
  Wire a, b;  ///< Not has a alone
  Wire out;
};

/// Wires are numbered: first the inputs, then what each gate gives. Gates stand in an order in which they can
/// be evaluated, and every wire is written once.
struct Circuit {
  std::size_t inputs = 0, wires = 0;
  std::vector<Gate> gates;
  std::vector<Wire> outputs;

  std::size_t ands() const;
  /// The longest chain of And gates: rounds, for GMW.
  std::size_t depth() const;
};

/// Sixty-four evaluations at once: bit k of every word belongs to evaluation k. In the clear.
std::vector<Word> evaluate(const Circuit& circuit, std::span<const Word> inputs);

}  // namespace tacit::gc
