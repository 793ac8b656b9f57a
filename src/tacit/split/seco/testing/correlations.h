// For tests only: what looks like a server's correlation for a network, and belongs to no other server's.
#pragma once

#include <random>

#include "tacit/split/seco/correlation.h"

namespace tacit::testing {

inline seco::Correlation some_correlation(const seco::Network& network, const seco::Circuits& circuits,
                                          std::uint64_t seed) {
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
    const auto [positions, copies] = seco::circuit_shape(stage);
    const std::size_t each = seco::plane_words(copies), triples = circuits.stage(s).triples(each);
    const std::size_t masks = positions + (s + 1 < network.stages.size() ? 1 : 0);
    seco::StageCorrelation& out = c.stages.emplace_back();
    out.addend = words(elements(stage.sum));
    for (Word& w : out.addend) w &= network.numbers.mask();
    out.planes = words(masks * network.numbers.bits * each);
    std::vector<Word> a = words(triples), b = words(triples), ab = words(triples);
    out.triples = gc::BitTriples(std::move(a), std::move(b), std::move(ab));
  }
  return c;
}

}  // namespace tacit::testing
