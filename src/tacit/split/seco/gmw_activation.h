// Activations as circuits on XOR shares: a round for each level of And gates and one to open what comes out;
// 2 bits from each server to each other an And gate and copy. Prepared are bit triples.
#pragma once

#include "tacit/gc/gmw/gmw.h"
#include "tacit/split/seco/activations.h"

namespace tacit::seco {

/// What begins saved ones: "acitGMW1".
constexpr Word kGmwName = 0x31574d4774696361;

/// A stage's circuit, with few rounds; the opened sum is public.
gc::GmwPlan shared_activation(const Network& network, std::size_t stage);

std::unique_ptr<Activations> gmw_activations(const Network& network, std::size_t parties);

}  // namespace tacit::seco
