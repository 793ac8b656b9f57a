#include "tacit/mpc/testing/conformance.h"

namespace tacit::testing {

RingTensor OpenSesame::open(Engine& engine, const Share& x) {
  return engine.open(x, PartySet::first(engine.component_sets().size()), EngineKey());
}

std::vector<Word> bits_as_words(const RingTensor& planes, std::size_t n) {
  const std::size_t bits = planes.shape[0], words = planes.shape[1];
  std::vector<Word> out(n);
  for (std::size_t b = 0; b < bits; ++b)
    for (std::size_t i = 0; i < n; ++i) out[i] |= (planes.words[b * words + i / 64] >> (i % 64) & 1) << b;
  return out;
}

}  // namespace tacit::testing
