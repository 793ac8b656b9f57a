// Inputs. A party's own tensor: two components come from streams that it shares with one other party each,
// and the third it sends to both: 1 round, 16 bytes an element. (Owners who are not parties send components:
// adopt.)
#include "tacit/base/error.h"
#include "tacit/mpc/protocols/aby3/engine.h"

namespace tacit::aby3 {

// Owner o holds components o and o+1. Component o (known to o and o-1) is a stream of that pair, component
// o+1 (known to o and o+1) one of the other, and component o+2, which the other two hold, is what remains.
Share Aby3Engine::input(PartyId owner, const RingTensor* mine, const Shape& shape, unsigned frac) {
  const std::size_t n = elements(shape), o = index(owner);
  Share x = Share::numbers(shape, frac, 2);
  const RingKernels& k = party_.compute().kernels;
  if (me() == o) {
    ensure(mine != nullptr && mine->shape == shape, "the owner has the input");
    party_.coins().with(party_.prev()).fill(0, x.parts[0].words);
    party_.coins().with(party_.next()).fill(0, x.parts[1].words);
    RingTensor rest(shape);
    k.sub(n, mine->data(), x.parts[0].data(), rest.data());
    k.sub(n, rest.data(), x.parts[1].data(), rest.data());
    party_.to(party_.next()).send("input", rest.words);
    party_.to(party_.prev()).send("input", rest.words);
    return x;
  }
  ensure(mine == nullptr, "only the owner has the input");
  const bool after = me() == (o + 1) % 3;  // holds o+1, o+2; the other holds o+2, o
  party_.coins().with(owner).fill(0, x.parts[after ? 0 : 1].words);
  party_.to(owner).receive("input", x.parts[after ? 1 : 0].words);
  return x;
}

Share Aby3Engine::adopt(std::vector<RingTensor> components, const Shape& shape, unsigned frac) {
  ensure(components.size() == 2 && components[0].shape == shape && components[1].shape == shape,
         "aby3 adopts two components");
  return {Domain::Arith, Form::Full, frac, 0, shape, std::move(components)};
}

}  // namespace tacit::aby3
