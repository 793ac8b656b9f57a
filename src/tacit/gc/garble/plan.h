// A circuit made ready for garbling: its gates in the order in which they are garbled, their wires in slots
// that are used again as soon as nobody reads them, so that memory follows the circuit's width. Within a
// window of gates those And gates stand together that do not need one another, which then run together.
#pragma once

#include "tacit/gc/circuit/circuit.h"
#include "tacit/gc/kernels/gates.h"

namespace tacit::gc {

struct Plan {
  explicit Plan(const Circuit& circuit);

  /// Some And gates that do not need one another, then some free gates.
  struct Step {
    std::uint32_t ands, frees;
  };

  std::size_t inputs = 0;  ///< in the slots 0, 1, ... at the beginning
  std::size_t slots = 0;
  std::vector<GatePlaces> ands;  ///< a gate's place here is its number
  std::vector<FreePlaces> frees;
  std::vector<Step> steps;
  std::vector<std::uint32_t> outputs;
};

}  // namespace tacit::gc
