// For tests only: what looks like a server's correlation for a network, with activations on shares, and
// belongs to no other server's.
#pragma once

#include <random>

#include "tacit/split/seco/correlation.h"
#include "tacit/split/seco/gmw_activation.h"

namespace tacit::testing {

inline seco::Correlation some_correlation(const seco::Network& network, const seco::Circuits& circuits,
                                          std::uint64_t seed, PartyId self = party_id(0)) {
  std::mt19937_64 rng(seed);
  auto words = [&](std::size_t n) {
    std::vector<Word> out(n);
    for (Word& w : out) w = rng();
    return out;
  };
  auto seed_of = [&] { return SecretBytes(std::as_bytes(std::span<const Word>(words(Prg::kKeySize / 8)))); };
  seco::Correlation c;
  c.input_seed = seed_of();
  c.answer_seed = seed_of();
  for (std::size_t s = 0; s < network.stages.size(); ++s) {
    const seco::Stage& stage = network.stages[s];
    seco::StageCorrelation& out = c.stages.emplace_back();
    out.addend = words(elements(stage.sum));
    for (Word& w : out.addend) w &= network.numbers.mask();
    std::vector<Word> bytes = words(circuits.activations().saved_size(s, self) / sizeof(Word));
    bytes[0] = seco::kGmwName;
    out.activation = circuits.activations().load(s, self, std::as_bytes(std::span(bytes)));
  }
  return c;
}

}  // namespace tacit::testing
