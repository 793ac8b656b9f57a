// Half-gates garbling with free XOR (Zahur, Rosulek, Evans, "Two halves make a whole", 2015), over many
// copies of one circuit at once, as a layer of equal activations is: 32 bytes an And gate and copy, nothing
// for Xor and Not.
//
// Semi-honest, two parties: who garbles knows both labels of every wire, who evaluates one of each. Whoever
// has both roles' knowledge reads everything. Delta and all labels are secrets of the garbler.
#pragma once

#include "tacit/base/secret_bytes.h"
#include "tacit/crypto/block.h"
#include "tacit/crypto/prg.h"
#include "tacit/crypto/tweaked_hash.h"
#include "tacit/gc/circuit/circuit.h"

namespace tacit::gc {

/// A wire's label for 0 or 1.
using Label = Block;
/// Its lowest bit: the wire's colour.
inline Word colour(Label l) { return l.low & 1; }

/// Labels of some wires in some copies: wire after wire, copies side by side.
using Labels = std::vector<Label>;

/// What the evaluator is sent: two labels an And gate and copy.
using Tables = std::vector<Label>;

class HalfGates {
 public:
  explicit HalfGates(Isa isa = detect_isa()) : hash_(isa) {}

  /// The garbler's part. `zeros`: the inputs' labels for 0, of inputs × copies; `delta` has colour 1. Gives
  /// the outputs' labels for 0. `instance`, below 2^32, must be another number each time that one delta is
  /// used, over every circuit: a tweak that comes twice gives labels away.
  Labels garble(const Circuit& circuit, std::size_t copies, Label delta, std::uint64_t instance,
                std::span<const Label> zeros, Tables& tables) const;
  /// The evaluator's: from the inputs' labels to the outputs'. UsageError if the tables do not fit the
  /// circuit.
  Labels evaluate(const Circuit& circuit, std::size_t copies, std::uint64_t instance,
                  std::span<const Label> inputs, std::span<const Label> tables) const;

 private:
  TweakedHash hash_;
};

/// Fresh labels, uniform; and a delta, of colour 1.
Labels random_labels(const Stream& stream, std::size_t count);
Label random_delta(const Stream& stream);

}  // namespace tacit::gc
