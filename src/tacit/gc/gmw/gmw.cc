// x AND y of shared x, y from a triple: d = x ^ a and e = y ^ b are told to all, and x·y = c ^ d·b ^ e·a ^
// d·e, whose last term one party alone adds. That party also holds what is public as its share.
#include "tacit/gc/gmw/gmw.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit::gc {

namespace {
using Kind = Gate::Kind;
}

GmwPlan::GmwPlan(Circuit circuit, std::size_t publics)
    : circuit_(std::move(circuit)), publics_(publics), public_(circuit_.wires, false), levels_(1) {
  ensure(publics <= circuit_.inputs, "public inputs are inputs");
  std::fill_n(public_.begin(), publics, true);
  std::vector<std::size_t> at(circuit_.wires, 0);
  for (const Gate& g : circuit_.gates) {
    const bool alone = g.kind == Kind::Not;
    const bool public_a = public_[g.a], public_b = alone ? public_a : public_[g.b];
    public_[g.out] = public_a && public_b;
    const bool costs = g.kind == Kind::And && !public_a && !public_b;
    const std::size_t level = std::max(at[g.a], alone ? 0 : at[g.b]) + (costs ? 1 : 0);
    at[g.out] = level;
    if (level >= levels_.size()) levels_.resize(level + 1);
    (costs ? levels_[level].ands : levels_[level].free).push_back(g);
  }
}

std::size_t GmwPlan::ands() const {
  std::size_t n = 0;
  for (const Level& l : levels_) n += l.ands.size();
  return n;
}

std::uint64_t GmwPlan::bytes(std::size_t parties, std::size_t words) const {
  return parties * (parties - 1) * ands() * words * 2 * sizeof(Word);
}

std::vector<Word> Gmw::open(std::span<const Word> shares) {
  const std::size_t parties = party_.count(), self = index(party_.id());
  std::vector<std::vector<Word>> told(parties, std::vector<Word>(shares.size()));
  const std::vector<ByteView> out(parties, std::as_bytes(shares));
  std::vector<ByteSpan> in;
  for (auto& words : told) in.push_back(std::as_writable_bytes(std::span(words)));
  party_.trade("gmw.open", out, in);
  std::vector<Word> all(shares.begin(), shares.end());
  for (std::size_t p = 0; p < parties; ++p)
    for (std::size_t i = 0; p != self && i < all.size(); ++i) all[i] ^= told[p][i];
  return all;
}

std::vector<Word> Gmw::evaluate(const GmwPlan& plan, std::size_t words, std::span<const Word> publics,
                                std::span<const Word> shares, BitTriples& triples) {
  const Circuit& circuit = plan.circuit();
  ensure(
      publics.size() == plan.publics() * words && shares.size() == (circuit.inputs - plan.publics()) * words,
      "words for every input");
  // A public wire has its value at every party; a shared one, and a public one where it meets shares, has it
  // at the first.
  const Word first = party_.id() == party_id(0) ? ~Word{0} : 0;
  std::vector<Word> wires(circuit.wires * words);
  auto wire = [&](Wire w) { return wires.data() + w * words; };
  std::copy(publics.begin(), publics.end(), wires.begin());
  std::copy(shares.begin(), shares.end(), wires.begin() + static_cast<std::ptrdiff_t>(publics.size()));

  auto free_gate = [&](const Gate& g) {
    const bool all_public = plan.is_public(g.out);
    const Word *a = wire(g.a), *b = wire(g.b);
    Word* out = wire(g.out);
    if (g.kind == Kind::And) {
      // Also with one public operand: a share times what everybody knows.
      for (std::size_t i = 0; i < words; ++i) out[i] = a[i] & b[i];
    } else if (g.kind == Kind::Not) {
      const Word flip = all_public ? ~Word{0} : first;
      for (std::size_t i = 0; i < words; ++i) out[i] = a[i] ^ flip;
    } else {
      const Word keep_a = all_public || !plan.is_public(g.a) ? ~Word{0} : first;
      const Word keep_b = all_public || !plan.is_public(g.b) ? ~Word{0} : first;
      for (std::size_t i = 0; i < words; ++i) out[i] = (a[i] & keep_a) ^ (b[i] & keep_b);
    }
  };
  auto and_gates = [&](const std::vector<Gate>& gates) {
    const std::size_t n = gates.size() * words;
    const BitTriples::Taken t = triples.take(n);
    std::vector<Word> masked(2 * n);
    Word *d = masked.data(), *e = d + n;
    for (std::size_t g = 0; g < gates.size(); ++g)
      for (std::size_t i = 0; i < words; ++i) {
        d[g * words + i] = wire(gates[g].a)[i] ^ t.a[g * words + i];
        e[g * words + i] = wire(gates[g].b)[i] ^ t.b[g * words + i];
      }
    masked = open(masked);
    d = masked.data(), e = d + n;
    for (std::size_t g = 0; g < gates.size(); ++g)
      for (std::size_t i = 0, k = g * words; i < words; ++i, ++k)
        wire(gates[g].out)[i] = t.c[k] ^ (d[k] & t.b[k]) ^ (e[k] & t.a[k]) ^ (d[k] & e[k] & first);
  };

  require(plan.triples(words) <= triples.left(), "{} words of bit triples are left, and the circuit takes {}",
          triples.left(), plan.triples(words));
  for (const GmwPlan::Level& level : plan.levels_) {
    if (!level.ands.empty()) and_gates(level.ands);
    for (const Gate& g : level.free) free_gate(g);
  }
  std::vector<Word> outputs;
  for (const Wire w : circuit.outputs)
    for (std::size_t i = 0; i < words; ++i)
      outputs.push_back(wire(w)[i] & (plan.is_public(w) ? first : ~Word{0}));
  return outputs;
}

}  // namespace tacit::gc
