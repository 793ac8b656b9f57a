// A garbled circuit, as one of its parties holds it between garbling and evaluation: for one use, in all its
// copies. Move-only; what is written to a disk must be deleted before it is used.
#pragma once

#include "tacit/base/secret_bytes.h"
#include "tacit/gc/garble/label.h"
#include "tacit/gc/multiparty/joint_circuit.h"

namespace tacit::gc {

struct GarbledInstance {
  GarbledInstance() = default;
  GarbledInstance(GarbledInstance&&) = default;
  GarbledInstance& operator=(GarbledInstance&&) = default;

  Label salt;                ///< public, as is the number: together they never come again
  std::uint64_t number = 0;  ///< the same at all parties
  PartyId self{}, evaluator{};
  std::size_t parties = 0, copies = 0;

  /// Bits: own shares of the masks of all inputs and of all outputs.
  WipedWords input_masks, output_masks;
  /// A garbler's: its delta, and its inputs' labels for 0.
  WipedLabels delta, zeros;
  /// The evaluator's: three rows for each garbler, a block of copies after the other and within it gate after
  /// gate; and bits, the colours of the labels for 0 that the first garbler gave the And gates' outputs.
  Labels rows;
  std::vector<Word> colours;
};

/// As bytes, for a disk of one's own: they hold all that the instance does. UsageError for bytes that are no
/// instance of this circuit.
/// As many bytes as party `self` would have.
std::size_t serialised_size(const JointCircuit& circuit, std::size_t copies, std::size_t parties,
                            PartyId self, PartyId evaluator);
SecretBytes serialise(const GarbledInstance& instance, const JointCircuit& circuit);
GarbledInstance deserialise(ByteView bytes, const JointCircuit& circuit);

}  // namespace tacit::gc
