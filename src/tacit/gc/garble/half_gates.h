// Half-gates garbling with free XOR (Zahur, Rosulek, Evans, "Two halves make a whole", 2015), over many
// copies of one circuit at once, as a layer of equal activations is: 32 bytes an And gate and copy, nothing
// for Xor and Not. Memory follows the circuit's width; tables may pass by as a stream.
//
// Semi-honest, two parties: who garbles knows both labels of every wire, who evaluates one of each. Whoever
// has both roles' knowledge reads everything. Delta and all labels are secrets of the garbler.
#pragma once

#include "tacit/gc/garble/gate_hash.h"
#include "tacit/gc/garble/plan.h"
#include "tacit/gc/garble/tables.h"

namespace tacit::gc {

class HalfGates {
 public:
  /// The salt is public: gate_hash.h says what it must be.
  explicit HalfGates(Label salt, Isa isa = detect_isa()) : hash_(salt, isa) {}
  explicit HalfGates(GateHash hash) : hash_(std::move(hash)) {}

  static std::size_t rows(const Plan& plan, std::size_t copies) { return 2 * plan.ands.size() * copies; }

  /// The garbler's part. `zeros`: the inputs' labels for 0, of inputs × copies, fresh for each copy; `delta`
  /// has colour 1. Gives the outputs' labels for 0. `instance`, below 2^32, must be another number each time
  /// that one salt is used, over every circuit: hashes that come twice give labels away.
  Labels garble(const Plan& plan, std::size_t copies, Label delta, std::uint64_t instance,
                std::span<const Label> zeros, TableSink& tables) const;
  /// The evaluator's: from the inputs' labels to the outputs'.
  Labels evaluate(const Plan& plan, std::size_t copies, std::uint64_t instance, std::span<const Label> inputs,
                  TableSource& tables) const;

  /// The same with all tables in memory. UsageError if they do not fit the circuit.
  Labels garble(const Plan& plan, std::size_t copies, Label delta, std::uint64_t instance,
                std::span<const Label> zeros, Tables& tables) const;
  Labels evaluate(const Plan& plan, std::size_t copies, std::uint64_t instance, std::span<const Label> inputs,
                  std::span<const Label> tables) const;

 private:
  GateHash hash_;
};

}  // namespace tacit::gc
