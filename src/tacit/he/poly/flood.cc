#include "tacit/he/poly/flood.h"

#include "tacit/base/error.h"

namespace tacit::he {

// A number below 2^(bits + 1) is drawn as words, the highest of them cut, and 2^bits is taken off in every
// limb.
FloodPoly::FloodPoly(const Ring& ring, unsigned bits, Randomness& random)
    : degree_(ring.degree()), words_(ring.words() * sizeof(Word)) {
  ensure(bits > 0 && bits <= kMostFloodBits, "bits of flooding noise");
  const unsigned drawn = bits + 1, count = (drawn + 63) / 64;
  const Word highest = ~Word{0} >> (64 * count - drawn);
  SecretBytes buffer(count * degree_ * sizeof(Word));
  const std::span<Word> words(reinterpret_cast<Word*>(buffer.bytes().data()), count * degree_);
  random.next().fill(0, words);
  auto* to = reinterpret_cast<Word*>(words_.bytes().data());
  for (std::size_t limb = 0; limb < ring.limbs(); ++limb, to += degree_) {
    const Modulus& q = ring.modulus(limb);
    const Word two64 = q.pow(2, 64), offset = q.pow(2, bits);
    for (std::size_t k = 0; k < degree_; ++k) {
      Word x = q.reduce(words[count * k] & highest);
      for (unsigned w = 1; w < count; ++w) x = q.add(q.mul(x, two64), q.reduce(words[count * k + w]));
      to[k] = q.sub(x, offset);
    }
  }
}

std::span<const Word> FloodPoly::part(std::size_t limb) const {
  return std::span(reinterpret_cast<const Word*>(words_.bytes().data()), words_.size() / sizeof(Word))
      .subspan(limb * degree_, degree_);
}

}  // namespace tacit::he
