#include "tacit/gc/multiparty/masks.h"

namespace tacit::gc {

namespace {

/// Correlated transfers between all pairs, in an order in which nobody waits for a party that waits. `of(p)`:
/// how many party p chooses in. Calls keys(peer, its keys) and shares(peer, what came).
template <class Of, class Keys, class Shares>
void transfer(const Context& c, std::span<const Word> choices, Of of, Keys keys, Shares shares) {
  Meter::Branches independent(c.party.meter());
  const std::size_t n = c.roles.parties;
  for (std::size_t distance = 1; distance < n; ++distance)
    for (std::size_t i = 0; i < n; ++i) {
      const PartyId sender = party_id(i), receiver = party_id((i + distance) % n);
      if (!c.roles.garbles(sender) || of(receiver) == 0) continue;
      if (c.self() == sender) {
        WipedLabels mine(of(receiver));
        c.cots[index(receiver)].sender->send(mine.all());
        keys(receiver, std::move(mine));
        independent.next();
      } else if (c.self() == receiver) {
        WipedLabels mine(of(receiver));
        c.cots[index(sender)].receiver->receive(choices, mine.all());
        shares(sender, std::move(mine));
        independent.next();
      }
    }
}

void add_to(const Context& c, WipedLabels& to, const WipedLabels& more) {
  c.hash.kernels().exclusive_or(in(to.data()), in(more.data()), in(to.data()), to.size());
}

/// Calls body(place among the masked wires, place among those that `p` masks, wires) for runs of wires.
template <class Body>
void over_masked(const Context& c, PartyId p, Body body) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < c.inputs(); ++i)
    if (c.circuit.masks(p, i)) body(i, at++, std::size_t{1});
  if (c.ands() > 0) body(c.inputs(), at, c.ands());
}

/// Labels of the wires that `p` masks, put in their places among all masked wires.
WipedLabels spread(const Context& c, PartyId p, WipedLabels labels) {
  if (c.circuit.masked_inputs(p) == c.inputs()) return labels;
  WipedLabels out(c.circuit.masked_wires() * c.copies);
  over_masked(c, p, [&](std::size_t to, std::size_t from, std::size_t wires) {
    std::copy_n(labels.data() + from * c.copies, wires * c.copies, out.data() + to * c.copies);
  });
  return out;
}

/// A garbler's own share begins with its own bits.
void add_own(const Context& c, const WipedWords& bits, WipedLabels& share) {
  for (std::size_t i = 0; i < share.size(); ++i)
    share[i] = share[i] ^ (c.delta & (bits[i / 64] >> (i % 64) & 1));
}

}  // namespace

Masks draw_masks(const Context& c) {
  const std::size_t bits = c.circuit.masked_wires() * c.copies;
  auto masked_by = [&](PartyId p) { return (c.circuit.masked_inputs(p) + c.ands()) * c.copies; };
  Masks out;
  out.bits = WipedWords(words_for(bits));
  WipedWords chosen(words_for(masked_by(c.self())));
  c.party.coins().mine().fill(0, chosen.all());
  over_masked(c, c.self(), [&](std::size_t to, std::size_t from, std::size_t wires) {
    if (to < c.inputs() && !c.circuit.labelled(to))
      copy_bits(c.ahead.data(), to * c.copies, chosen.data(), from * c.copies, c.copies);
    copy_bits(chosen.data(), from * c.copies, out.bits.data(), to * c.copies, wires * c.copies);
  });

  out.shares.resize(c.roles.parties);
  out.keys.resize(c.roles.parties);
  for (PartyId g : c.roles.garblers())
    if (g == c.self() || masked_by(c.self()) == 0) out.shares[index(g)] = WipedLabels(bits);
  if (c.roles.garbles(c.self())) add_own(c, out.bits, out.shares[index(c.self())]);
  transfer(
      c, chosen.all(), masked_by,
      [&](PartyId to, WipedLabels keys) {
        WipedLabels here = spread(c, to, std::move(keys));
        add_to(c, out.shares[index(c.self())], here);
        if (c.roles.multiplies_towards(c.self(), to)) out.keys[index(to)] = std::move(here);
      },
      [&](PartyId from, WipedLabels got) { out.shares[index(from)] = spread(c, c.self(), std::move(got)); });
  return out;
}

std::vector<WipedLabels> transfer_ands(const Context& c, const WipedWords& bits) {
  std::vector<WipedLabels> shares(c.roles.parties);
  if (c.roles.garbles(c.self())) shares[index(c.self())] = WipedLabels(c.ands() * c.copies);
  if (c.roles.garbles(c.self())) add_own(c, bits, shares[index(c.self())]);
  transfer(
      c, bits.all(), [&](PartyId) { return c.ands() * c.copies; },
      [&](PartyId, const WipedLabels& keys) { add_to(c, shares[index(c.self())], keys); },
      [&](PartyId from, WipedLabels got) { shares[index(from)] = std::move(got); });
  return shares;
}

WipedWords output_masks(const Context& c, const WipedWords& bits) {
  WipedWords out(words_for(c.circuit.plan.outputs.size() * c.copies));
  over_mask_bits(
      c, bits, [](std::size_t, std::size_t, const Word*, const Word*) {},
      [&](std::size_t place, std::size_t copies, const Word* mask) {
        copy_bits(mask, 0, out.data(), place, copies);
      });
  return out;
}

}  // namespace tacit::gc
