// For tests only: circuits and inputs drawn at random, and what a circuit gives in all copies in the clear.
#pragma once

#include <random>

#include "tacit/gc/circuit/circuit.h"

namespace tacit::gc::testing {

/// Gates of all kinds over random earlier wires, some of them equal; outputs among all wires.
Circuit random_circuit(std::mt19937_64& rng, std::size_t inputs, std::size_t gates, std::size_t outputs);

std::vector<Word> random_bits(std::mt19937_64& rng, std::size_t bits);

/// From packed bits of the inputs, wire after wire, to those of the outputs.
std::vector<Word> evaluate_copies(const Circuit& circuit, std::size_t copies, std::span<const Word> inputs);

}  // namespace tacit::gc::testing
