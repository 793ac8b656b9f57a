#include "tacit/mpc/protocols/aby3/engine.h"

#include "tacit/base/error.h"

namespace tacit::aby3 {

Aby3Engine::Aby3Engine(Party& party, const Profile& profile) : party_(party), profile_(profile) {
  require(party.count() == 3, "the protocol aby3 needs three parties, not {}", party.count());
}

// Public values are added to component 0, which parties 0 (as part 0) and 2 (as part 1) hold.
void Aby3Engine::add_to_component(Share& x, const Word* value) const {
  if (me() == 1) return;
  RingTensor& part = x.parts[me() == 0 ? 0 : 1];
  const RingKernels& k = party_.compute().kernels;
  (x.domain == Domain::Arith ? k.add : k.bit_xor)(part.size(), part.data(), value, part.data());
}

Share Aby3Engine::constant(const RingTensor& value, Domain domain, unsigned frac) {
  ensure(domain == Domain::Arith, "constants of bits are made by to_bool of constants");
  Share x{domain, Form::Full, frac, 0, value.shape, {}};
  x.parts.assign(2, RingTensor::zeros(value.shape));
  add_to_component(x, value.data());
  return x;
}

Share Aby3Engine::add_public(const Share& x, std::span<const double> values) {
  ensure(values.size() == x.size() && x.domain == Domain::Arith, "one public number an element");
  const Words words = encode(values, x.frac);
  Share out = x;
  if (x.form == Form::Full) {
    add_to_component(out, words.data());
  } else if (me() == 0) {
    party_.compute().kernels.add(words.size(), out.parts[0].data(), words.data(), out.parts[0].data());
  }
  return out;
}

Share Aby3Engine::bit_not(const Share& x) {
  ensure(x.domain == Domain::Bool, "bit_not is for bits");
  Share out = x;
  const Words ones(x.bits * plane_words(x.size()), ~Word{0});
  add_to_component(out, ones.data());
  return out;
}

}  // namespace tacit::aby3
