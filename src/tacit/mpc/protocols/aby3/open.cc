// Opening: each receiver lacks one component, which its next neighbour sends: 1 round, 8 bytes an element for
// each receiver. A Sum is settled first, so that no part leaves a party unmasked.
#include "tacit/base/error.h"
#include "tacit/mpc/protocols/aby3/engine.h"

namespace tacit::aby3 {

// Party i holds x_i, x_{i+1} and lacks x_{i+2}, which is part 1 of party i+1.
RingTensor Aby3Engine::open(const Share& shared, PartySet to, EngineKey) {
  Share storage;
  const Share& x = settled(shared, storage);
  if (to.has(party_.prev())) party_.to(party_.prev()).send("open", x.parts[1].words);
  if (!to.has(party_.id())) return {};
  RingTensor out(x.parts[0].shape);
  party_.to(party_.next()).receive("open", out.words);
  const RingKernels& k = party_.compute().kernels;
  auto sum = x.domain == Domain::Arith ? k.add : k.bit_xor;
  for (const auto& part : x.parts) sum(out.size(), out.data(), part.data(), out.data());
  return out;
}

RingTensor Aby3Engine::summand(const Share& x, EngineKey) {
  ensure(x.domain == Domain::Arith, "outsiders receive numbers");
  return masked(x.parts[0], x.domain);  // of a Full share, component i is party i's summand
}

}  // namespace tacit::aby3
