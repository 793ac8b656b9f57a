// Ways to do an operation with nothing but an engine's seven duties: what Engine does unless a protocol knows
// better, and building blocks for protocols.
#pragma once

#include "tacit/mpc/engine.h"

namespace tacit {

/// Some planes of a Bool share, in the given order; kZero gives a plane of zeros.
Share pick_planes(const Share& x, std::span<const std::size_t> planes);
/// The sum modulo 2^bits of two numbers given by their bits: 1 + ⌈log2 bits⌉ rounds of And.
Share add_bits(Engine& engine, const Share& a, const Share& b);
OpCost cost_add_bits(std::size_t n, unsigned bits, const std::function<OpCost(std::size_t words)>& cost_and);

}  // namespace tacit
