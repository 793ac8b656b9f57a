#include "tacit/secret/gate.h"

namespace tacit {

namespace {

std::uint64_t bits_told(const Share& x) { return x.size() * (x.domain == Domain::Arith ? 64 : x.bits); }

PublicTensor decoded(const Engine& engine, const Share& x, const RingTensor& words) {
  PublicTensor out{x.shape, {}};
  if (x.domain == Domain::Arith) {
    out.values = engine.decode({words.data(), words.size()}, x.frac);
    return out;
  }
  out.values.resize(x.size());
  for (std::size_t i = 0; i < out.values.size(); ++i)
    out.values[i] = static_cast<double>(words.words[i / 64] >> (i % 64) & 1);
  return out;
}

}  // namespace

Revealed Gate::reveal_share(Engine& engine, Ledger& ledger, const Share& x, RevealPermit used) {
  engine.verify();
  ledger.add(used.rule_, bits_told(x));
  Revealed out;
  out.frac = x.frac;
  out.recipients = used.recipients();
  const std::uint32_t parties = PartySet::first(engine.component_sets().size()).members;
  if (const PartySet inside{used.recipients().members & parties}; inside.members != 0) {
    const RingTensor words = engine.open(x, inside, EngineKey());
    if (inside.has(engine.self())) out.opened = decoded(engine, x, words);
  }
  if ((used.recipients().members & ~parties) != 0) out.summand = engine.summand(x, EngineKey());
  return out;
}

}  // namespace tacit
