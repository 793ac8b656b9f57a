// The wires' masks: each party draws a share of the mask of every input that it masks and of every And gate's
// output, and by correlated transfer all parties get shares of mask times delta for each garbler's delta.
#pragma once

#include "tacit/gc/multiparty/context.h"

namespace tacit::gc {

/// For masked wires (JointCircuit::masked_wires) in all copies.
struct Masks {
  WipedWords bits;  ///< one's own share; 0 for inputs that one does not mask
  /// Share of mask · delta, for each garbler's delta; empty for the evaluator's place.
  std::vector<WipedLabels> shares;
  /// What one sent to each party towards whom one multiplies, one's own share of the transfers with it.
  std::vector<WipedLabels> keys;
};
Masks draw_masks(const Context& c);

/// Shares of bit · delta, for each garbler's delta, for bits of which each party has a share, of all And
/// gates and copies.
std::vector<WipedLabels> transfer_ands(const Context& c, const WipedWords& bits);

/// One's own share of the masks of all outputs and copies.
WipedWords output_masks(const Context& c, const WipedWords& bits);

/// Walks over one's mask bits, a block of copies at a time: calls and_gate(place among the And gates' copies,
/// copies, left input's bits, right input's) and output(place among the outputs' copies, copies, bits).
template <class And, class Output>
void over_mask_bits(const Context& c, const WipedWords& bits, And and_gate, Output output) {
  const Plan& plan = c.circuit.plan;
  for_blocks(c.copies, [&](CopyBlock b) {
    const std::size_t stride = words_for(b.copies);
    WipedWords at(plan.slots * stride);
    auto wire = [&](std::uint32_t slot) { return at.data() + slot * stride; };
    auto load = [&](std::size_t masked_wire, std::uint32_t slot) {
      copy_bits(bits.data(), masked_wire * c.copies + b.first, wire(slot), 0, b.copies);
    };
    for (std::size_t i = 0; i < c.inputs(); ++i) load(i, static_cast<std::uint32_t>(i));
    walk(
        plan,
        [&](std::size_t n, const GatePlaces& g) {
          and_gate(n * c.copies + b.first, b.copies, wire(g.a), wire(g.b));
          load(c.inputs() + n, g.out);
        },
        [&](const FreePlaces& g) {
          for (std::size_t i = 0; i < stride; ++i) wire(g.out)[i] = wire(g.a)[i] ^ wire(g.b)[i];
        },
        [&](const FreePlaces& g) { std::copy_n(wire(g.a), stride, wire(g.out)); });
    for (std::size_t o = 0; o < plan.outputs.size(); ++o)
      output(o * c.copies + b.first, b.copies, wire(plan.outputs[o]));
  });
}

}  // namespace tacit::gc
