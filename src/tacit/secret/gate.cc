#include "tacit/secret/gate.h"

namespace tacit {

namespace {
std::uint64_t bits_told(const Share& x) { return x.size() * (x.domain == Domain::Arith ? 64 : x.bits); }
}  // namespace

PublicTensor Gate::open(Engine& engine, Ledger& ledger, const Share& x, RevealPermit used) {
  engine.verify();
  const RingTensor words = engine.open(x, used.recipients(), EngineKey());
  ledger.add(used.rule_, bits_told(x));
  if (!used.recipients().has(engine.self())) return {};
  PublicTensor out{x.shape, {}};
  if (x.domain == Domain::Arith) {
    out.values = engine.decode(words.words, x.frac);
  } else {
    out.values.resize(x.size());
    for (std::size_t i = 0; i < out.values.size(); ++i)
      out.values[i] = static_cast<double>(words.words[i / 64] >> (i % 64) & 1);
  }
  return out;
}

RingTensor Gate::summand(Engine& engine, Ledger& ledger, const Share& x, RevealPermit used) {
  engine.verify();
  ledger.add(used.rule_, bits_told(x));
  return engine.summand(x, EngineKey());
}

}  // namespace tacit
