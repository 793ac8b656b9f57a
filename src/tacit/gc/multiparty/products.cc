// Let K be the sender's key for the receiver's mask bit r of a wire, and M = K ^ r·D what the receiver has;
// s is the sender's mask bit of the other wire. The sender tells d = h(K) ^ h(K ^ D) ^ s, h being a hash's
// lowest bit. Then h(K) and h(M) ^ r·d are shares of r·s; d looks random to who lacks one of K and K ^ D.
#include "tacit/gc/multiparty/products.h"

namespace tacit::gc {

namespace {

constexpr std::string_view kTag = "bmr.product";

/// Bits of all And gates and copies, for the left and for the right input.
struct Sides {
  WipedWords left, right;
  explicit Sides(const Context& c)
      : left(words_for(c.ands() * c.copies)), right(words_for(c.ands() * c.copies)) {}
};

/// One's mask bits of the And gates' inputs.
Sides input_masks(const Context& c, const Masks& masks) {
  Sides out(c);
  over_mask_bits(
      c, masks.bits,
      [&](std::size_t place, std::size_t copies, const Word* a, const Word* b) {
        copy_bits(a, 0, out.left.data(), place, copies);
        copy_bits(b, 0, out.right.data(), place, copies);
      },
      [](std::size_t, std::size_t, const Word*) {});
  return out;
}

/// Walks over the labels of the transfers with one party, and calls body(gate, block, its hashing, z) with
/// room z for a label a copy.
template <class Body>
void over_ands(const Context& c, const WipedLabels& labels, std::uint32_t use, Body body) {
  const Plan& plan = c.circuit.plan;
  const GateKernels& k = c.hash.kernels();
  WipedLabels room(3 * GateHash::kCopiesPerKey);
  for_blocks(c.copies, [&](CopyBlock b) {
    BlockLabels at(plan, b.copies);
    at.refer_inputs(plan, labels.data(), c.copies, b);
    GateKeys keys(c.hash, {c.number, b.number(), use}, c.ands());
    walk(
        plan,
        [&](std::size_t n, const GatePlaces& g) {
          std::fill_n(room.data(), room.size(), Label{});
          body(n * c.copies + b.first,
               GateCopies{keys.of(n), b.first, b.copies, in(at.at(g.a)), in(at.at(g.b))}, room.data());
          at.refer(g.out, labels.data() + (c.inputs() + n) * c.copies + b.first);
        },
        [&](const FreePlaces& g) { at.add(k, g); }, [&](const FreePlaces& g) { at.copy(g); });
  });
}

/// What a sender tells a receiver: d for each gate's left mask of the receiver's, then for the right ones.
std::vector<Word> sender_step(const Context& c, PartyId to, const Masks& masks, const Sides& own,
                              WipedWords& share) {
  const std::size_t bits = c.ands() * c.copies;
  std::vector<Word> told(words_for(2 * bits));
  WipedWords hashed(words_for(GateHash::kCopiesPerKey));
  over_ands(c, masks.keys[index(to)], product_use(c.self(), to),
            [&](std::size_t place, const GateCopies& gate, Label* x) {
              Label *y = x + GateHash::kCopiesPerKey, *z = y + GateHash::kCopiesPerKey;
              c.hash.kernels().mask(gate, in(&c.delta), in(x), in(y), in(z));
              put_colours({x, gate.copies}, told.data(), place);
              put_colours({y, gate.copies}, told.data(), bits + place);
              put_colours({z, gate.copies}, hashed.data(), 0);
              xor_bits(hashed.data(), 0, share.data(), place, gate.copies);
            });
  xor_bits(own.right.data(), 0, told.data(), 0, bits);
  xor_bits(own.left.data(), 0, told.data(), bits, bits);
  return told;
}

void receiver_step(const Context& c, PartyId from, const Masks& masks, WipedWords& share) {
  WipedWords hashed(words_for(GateHash::kCopiesPerKey));
  over_ands(c, masks.shares[index(from)], product_use(from, c.self()),
            [&](std::size_t place, const GateCopies& gate, Label* z) {
              c.hash.kernels().unmask(gate, in(z));
              put_colours({z, gate.copies}, hashed.data(), 0);
              xor_bits(hashed.data(), 0, share.data(), place, gate.copies);
            });
}
void take_told(const Context& c, std::span<const Word> told, const Sides& own, WipedWords& share) {
  const std::size_t bits = c.ands() * c.copies;
  for (std::size_t i = 0; i < bits; i += 64) {
    const std::size_t now = std::min<std::size_t>(64, bits - i);
    share[i / 64] ^= (own.left[i / 64] & bits_at(told.data(), i, now)) ^
                     (own.right[i / 64] & bits_at(told.data(), bits + i, now));
  }
}

}  // namespace

WipedWords multiply_masks(const Context& c, const Masks& masks) {
  const Sides own = input_masks(c, masks);
  const std::size_t bits = c.ands() * c.copies;
  WipedWords share(words_for(bits));
  if (bits == 0) return share;
  for (std::size_t i = 0; i < share.size(); ++i) share[i] = own.left[i] & own.right[i];

  for (PartyId p : c.peers())
    if (c.roles.multiplies_towards(c.self(), p)) {
      const std::vector<Word> told = sender_step(c, p, masks, own, share);
      c.party.to(p).send(kTag, packed(std::span<const Word>(told), 2 * bits));
    }
  std::vector<Word> told(words_for(2 * bits));
  for (PartyId p : c.peers())
    if (c.roles.multiplies_towards(p, c.self())) {
      receiver_step(c, p, masks, share);
      c.party.to(p).receive(kTag, packed(std::span<Word>(told), 2 * bits));
      take_told(c, told, own, share);
    }
  return share;
}

}  // namespace tacit::gc
