#include "tacit/gc/multiparty/rows.h"

#include "tacit/gc/garble/tables.h"

namespace tacit::gc {

namespace {

constexpr std::string_view kRows = "bmr.rows", kColours = "bmr.colours";

/// A party's shares of mask · delta for one garbler's delta, over the wires of a block.
struct TargetShares {
  PartyId target;
  const Label *masks, *products;  ///< of the And gates' outputs, of all copies
  BlockLabels wires;

  TargetShares(const Context& c, const RowShares& shares, PartyId t, CopyBlock b)
      : target(t),
        masks(shares.masks[index(t)].data() + c.inputs() * c.copies),
        products(shares.products[index(t)].data()),
        wires(c.circuit.plan, b.copies) {
    wires.refer_inputs(c.circuit.plan, shares.masks[index(t)].data(), c.copies, b);
  }
  /// Writes what a gate's three rows hold of them.
  void put(const Context& c, std::size_t gate, const GatePlaces& g, CopyBlock b, Label* x, Label* y,
           Label* z) {
    const std::size_t at = gate * c.copies + b.first;
    std::copy_n(wires.at(g.b), b.copies, x);
    std::copy_n(wires.at(g.a), b.copies, y);
    c.hash.kernels().exclusive_or(in(masks + at), in(products + at), in(z), b.copies);
    wires.refer(g.out, masks + at);
  }
};

std::vector<TargetShares> target_shares(const Context& c, const RowShares& shares, CopyBlock b) {
  std::vector<TargetShares> out;
  for (PartyId t : c.roles.garblers()) out.emplace_back(c, shares, t, b);
  return out;
}
void add_all(const GateKernels& k, std::vector<TargetShares>& shares, const FreePlaces& g) {
  for (TargetShares& t : shares) t.wires.add(k, g);
}
void copy_all(std::vector<TargetShares>& shares, const FreePlaces& g) {
  for (TargetShares& t : shares) t.wires.copy(g);
}

}  // namespace

void garbler_rows(const Context& c, const RowShares& shares, std::span<const Label> zeros) {
  const GateKernels& k = c.hash.kernels();
  Channel& evaluator = c.party.to(c.roles.evaluator);
  ChannelSink sink(evaluator, kRows);
  const bool points = c.roles.pointer() == c.self();
  std::vector<Word> colours(points ? words_for(c.ands() * c.copies) : 0);
  for_blocks(c.copies, [&](CopyBlock b) {
    BlockLabels labels(c.circuit.plan, b.copies);
    labels.refer_inputs(c.circuit.plan, zeros.data(), c.copies, b);
    std::vector<TargetShares> targets = target_shares(c, shares, b);
    std::vector<GateKeys> keys;
    for (const TargetShares& t : targets)
      keys.emplace_back(c.hash, GateHash::Purpose{c.number, b.number(), row_use(c.self(), t.target)},
                        c.ands());
    walk(
        c.circuit.plan,
        [&](std::size_t n, const GatePlaces& g) {
          const Label *u = labels.at(g.a), *v = labels.at(g.b);
          Label* w = labels.room(g.out);
          Label* rows = sink.next(c.roles.rows_sent() * b.copies).data();
          for (std::size_t t = 0; t < targets.size(); ++t) {
            const bool own = targets[t].target == c.self();
            Label *x = rows, *y = x + b.copies, *after = y + b.copies, *z = own ? w : after;
            rows = own ? after : after + b.copies;
            targets[t].put(c, n, g, b, x, y, z);
            k.mask({keys[t].of(n), b.first, b.copies, in(u), in(v)}, in(&c.delta), in(x), in(y), in(z));
            if (own) k.exclusive_or(in(y), in(u), in(y), b.copies);
          }
          if (points) put_colours({w, b.copies}, colours.data(), n * c.copies + b.first);
        },
        [&](const FreePlaces& g) {
          labels.add(k, g);
          add_all(k, targets, g);
        },
        [&](const FreePlaces& g) {
          labels.flip(g, c.delta);
          copy_all(targets, g);
        });
  });
  sink.finish();
  if (points) evaluator.send(kColours, packed(std::span<const Word>(colours), c.ands() * c.copies));
}

namespace {

/// Adds one garbler's rows: two for its own label, three for each other's.
void add_rows(const Context& c, PartyId from, Labels& kept) {
  const GateKernels& k = c.hash.kernels();
  ChannelSource source(c.party.to(from), kRows, c.roles.rows_sent() * c.ands() * c.copies);
  Label* to = kept.data();
  for_blocks(c.copies, [&](CopyBlock b) {
    for (std::size_t gate = 0; gate < c.ands(); ++gate) {
      const Label* rows = source.next(c.roles.rows_sent() * b.copies).data();
      for (PartyId t : c.roles.garblers()) {
        const std::size_t count = (t == from ? 2 : 3) * b.copies;
        k.exclusive_or(in(to), in(rows), in(to), count);
        rows += count;
        to += 3 * b.copies;
      }
    }
  });
}

}  // namespace

KeptRows evaluator_rows(const Context& c, const RowShares& shares) {
  const GateKernels& k = c.hash.kernels();
  KeptRows out{Labels(c.roles.rows_kept() * c.ands() * c.copies),
               std::vector<Word>(words_for(c.ands() * c.copies))};
  Label* to = out.rows.data();
  for_blocks(c.copies, [&](CopyBlock b) {
    std::vector<TargetShares> targets = target_shares(c, shares, b);
    walk(
        c.circuit.plan,
        [&](std::size_t n, const GatePlaces& g) {
          for (TargetShares& t : targets) {
            t.put(c, n, g, b, to, to + b.copies, to + 2 * b.copies);
            to += 3 * b.copies;
          }
        },
        [&](const FreePlaces& g) { add_all(k, targets, g); },
        [&](const FreePlaces& g) { copy_all(targets, g); });
  });
  for (PartyId from : c.roles.garblers()) {
    add_rows(c, from, out.rows);
    if (from == c.roles.pointer())
      c.party.to(from).receive(kColours, packed(std::span<Word>(out.colours), c.ands() * c.copies));
  }
  return out;
}

}  // namespace tacit::gc
