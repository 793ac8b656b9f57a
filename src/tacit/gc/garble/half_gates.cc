// For an And gate of a and b with labels A, B for 0, colours p_a, p_b, and tweaks 2g, 2g + 1 (g: the gate,
// counted over the instance; the copy is the other half of the tweak):
//   T_G = H(A, 2g) ^ H(A ^ D, 2g) ^ p_b·D          the garbler's half, a AND p_b
//   T_E = H(B, 2g + 1) ^ H(B ^ D, 2g + 1) ^ A      the evaluator's, a AND (b ^ p_b)
//   C   = H(A, 2g) ^ p_a·T_G ^ H(B, 2g + 1) ^ p_b·(T_E ^ A)
// Copies are taken in blocks, so that a block's wires stay in the cache.
#include "tacit/gc/garble/half_gates.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit::gc {

namespace {

constexpr std::size_t kBlock = 256;
using Kind = Gate::Kind;

/// The wires of one block of copies, and what the hash works in.
struct Block {
  std::size_t first, copies;
  Labels wires;
  Labels hashes[4];

  Block(const Circuit& c, std::size_t first_copy, std::size_t n)
      : first(first_copy), copies(n), wires(c.wires * n) {
    for (Labels& h : hashes) h.resize(n);
  }
  Label* wire(Wire w) { return wires.data() + w * copies; }
  void hash(const TweakedHash& h, std::uint64_t tweak, const Label* in, Labels& out) const {
    h.hash(tweak, first, words(std::span(in, copies)), words(std::span(out)));
  }
};

/// The tweak of an And gate's first hash. One that came twice under a delta would give labels away.
std::uint64_t tweak_of(std::uint64_t instance, std::size_t index) {
  ensure(instance >> 32 == 0 && index >> 31 == 0, "more instances, or And gates, than there are tweaks");
  return (instance << 32) + 2 * index;
}

/// Runs `and_gate(gate, index)` for the And gates of every block, and the free gates by `invert` for Not.
template <class AndGate, class Invert>
Labels over_blocks(const Circuit& circuit, std::size_t copies, std::span<const Label> inputs,
                   AndGate and_gate, Invert invert) {
  ensure(inputs.size() == circuit.inputs * copies, "a label for every input and copy");
  Labels outputs(circuit.outputs.size() * copies);
  for (std::size_t first = 0; first < copies; first += kBlock) {
    Block block(circuit, first, std::min(kBlock, copies - first));
    for (std::size_t w = 0; w < circuit.inputs; ++w)
      std::copy_n(inputs.data() + w * copies + first, block.copies, block.wire(static_cast<Wire>(w)));
    std::size_t ands = 0;
    for (const Gate& g : circuit.gates) {
      const Label *a = block.wire(g.a), *b = block.wire(g.b);
      Label* out = block.wire(g.out);
      if (g.kind == Kind::And)
        and_gate(block, g, ands++);
      else if (g.kind == Kind::Xor)
        for (std::size_t k = 0; k < block.copies; ++k) out[k] = a[k] ^ b[k];
      else
        for (std::size_t k = 0; k < block.copies; ++k) out[k] = invert(a[k]);
    }
    for (std::size_t o = 0; o < circuit.outputs.size(); ++o)
      std::copy_n(block.wire(circuit.outputs[o]), block.copies, outputs.data() + o * copies + first);
  }
  return outputs;
}

}  // namespace

Labels HalfGates::garble(const Circuit& circuit, std::size_t copies, Label delta, std::uint64_t instance,
                         std::span<const Label> zeros, Tables& tables) const {
  ensure(colour(delta) == 1, "a delta of colour 1");
  tables.resize(2 * circuit.ands() * copies);
  Labels flipped(kBlock);
  auto and_gate = [&](Block& block, const Gate& g, std::size_t index) {
    const Label *a = block.wire(g.a), *b = block.wire(g.b);
    const std::uint64_t tweak = tweak_of(instance, index);
    auto& [a0, a1, b0, b1] = block.hashes;
    auto hash_both = [&](std::uint64_t t, const Label* in, Labels& zero, Labels& one) {
      block.hash(hash_, t, in, zero);
      for (std::size_t k = 0; k < block.copies; ++k) flipped[k] = in[k] ^ delta;
      block.hash(hash_, t, flipped.data(), one);
    };
    hash_both(tweak, a, a0, a1);
    hash_both(tweak + 1, b, b0, b1);
    Label* to_g = tables.data() + 2 * index * copies + block.first;
    Label *to_e = to_g + copies, *out = block.wire(g.out);
    for (std::size_t k = 0; k < block.copies; ++k) {
      const Word pa = colour(a[k]), pb = colour(b[k]);
      to_g[k] = a0[k] ^ a1[k] ^ (delta & pb);
      to_e[k] = b0[k] ^ b1[k] ^ a[k];
      out[k] = a0[k] ^ (to_g[k] & pa) ^ b0[k] ^ ((to_e[k] ^ a[k]) & pb);
    }
  };
  return over_blocks(circuit, copies, zeros, and_gate, [&](Label a) { return a ^ delta; });
}

Labels HalfGates::evaluate(const Circuit& circuit, std::size_t copies, std::uint64_t instance,
                           std::span<const Label> inputs, std::span<const Label> tables) const {
  require(tables.size() == 2 * circuit.ands() * copies, "{} table entries, where {} are due", tables.size(),
          2 * circuit.ands() * copies);
  auto and_gate = [&](Block& block, const Gate& g, std::size_t index) {
    const Label *a = block.wire(g.a), *b = block.wire(g.b);
    const std::uint64_t tweak = tweak_of(instance, index);
    block.hash(hash_, tweak, a, block.hashes[0]);
    block.hash(hash_, tweak + 1, b, block.hashes[1]);
    const Label *ha = block.hashes[0].data(), *hb = block.hashes[1].data();
    const Label* from_g = tables.data() + 2 * index * copies + block.first;
    const Label* from_e = from_g + copies;
    Label* out = block.wire(g.out);
    for (std::size_t k = 0; k < block.copies; ++k)
      out[k] = ha[k] ^ (from_g[k] & colour(a[k])) ^ hb[k] ^ ((from_e[k] ^ a[k]) & colour(b[k]));
  };
  return over_blocks(circuit, copies, inputs, and_gate, [](Label a) { return a; });
}

Labels random_labels(const Stream& stream, std::size_t count) {
  Labels out(count);
  stream.fill(0, words(std::span(out)));
  return out;
}
Label random_delta(const Stream& stream) {
  Label out = random_labels(stream, 1)[0];
  out.low |= 1;
  return out;
}

}  // namespace tacit::gc
