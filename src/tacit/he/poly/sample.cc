#include "tacit/he/poly/sample.h"

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/crypto/os_entropy.h"

namespace tacit::he {

namespace {

constexpr std::size_t kChunk = 1024;

/// Calls body(i, word) for n words of a stream, and forgets them.
template <class Body>
void each_word(const Stream& stream, std::size_t n, Body body) {
  SecretBytes buffer(kChunk * sizeof(Word));
  auto* words = reinterpret_cast<Word*>(buffer.bytes().data());
  for (std::size_t i = 0; i < n; i += kChunk) {
    const std::size_t count = std::min(kChunk, n - i);
    stream.fill(i, {words, count});
    for (std::size_t k = 0; k < count; ++k) body(i + k, words[k]);
  }
}

/// Ones among the lower 32 bits less those among the upper 32, without the table that a population count may
/// use.
int ones_low_less_high(Word x) {
  x -= x >> 1 & 0x5555555555555555;
  x = (x & 0x3333333333333333) + (x >> 2 & 0x3333333333333333);
  x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f;
  x += x >> 8;
  x += x >> 16;
  return static_cast<int>(x & 0x3f) - static_cast<int>(x >> 32 & 0x3f);
}

}  // namespace

Randomness::Randomness()
    : prg_(std::make_shared<const Prg>(os_entropy(Prg::kKeySize).bytes(), detect_isa())) {}
Randomness::Randomness(ByteView public_seed) : prg_(std::make_shared<const Prg>(public_seed, detect_isa())) {}

Poly sample_uniform(const Ring& ring, Randomness& random) {
  Poly out(ring.words());
  std::vector<Word> tries(kChunk);
  for (std::size_t limb = 0; limb < ring.limbs(); ++limb) {
    const Modulus& q = ring.modulus(limb);
    const Word mask = (Word{1} << q.bits()) - 1;
    const Stream stream = random.next();
    const auto to = ring.part(out, limb);
    std::size_t filled = 0;
    for (std::size_t at = 0; filled < to.size(); at += kChunk) {
      stream.fill(at, tries);
      for (std::size_t k = 0; k < kChunk && filled < to.size(); ++k) {
        to[filled] = tries[k] & mask;
        filled += to[filled] < q.value();
      }
    }
  }
  return out;
}

SmallPoly sample_ternary(std::size_t degree, Randomness& random) {
  SmallPoly out(degree);
  const auto to = out.coefficients();
  each_word(random.next(), degree, [&](std::size_t i, Word w) {
    to[i] = static_cast<std::int8_t>(static_cast<int>((Wide{w} * 3) >> 64) - 1);
  });
  return out;
}

SmallPoly sample_error(std::size_t degree, Randomness& random) {
  SmallPoly out(degree);
  const auto to = out.coefficients();
  constexpr Word kCoins = (Word{1} << kErrorBound) - 1;
  each_word(random.next(), degree, [&](std::size_t i, Word w) {
    to[i] = static_cast<std::int8_t>(ones_low_less_high((w & kCoins) | (w >> kErrorBound & kCoins) << 32));
  });
  return out;
}

}  // namespace tacit::he
