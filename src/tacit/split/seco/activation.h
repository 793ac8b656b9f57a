// Activations as circuits on masked numbers. Of a stage's sum y everyone knows Y = y + p, and nobody p, whose
// bits are shared; what comes out is z - r, where r is the mask of the next value, its bits shared too. With
// a power of two as modulus there is no reduction, and rounding is leaving bits out.
#pragma once

#include "tacit/gc/circuit/circuit.h"
#include "tacit/split/seco/network.h"

namespace tacit::seco {

/// Inputs: Y of each position (`bits` each, public, half of the last place that stays added already), p of
/// each, and r unless it is the last stage. Outputs: z - r, or z. As few levels of And gates as there can be,
/// since each is a round.
gc::Circuit activation_circuit(const Numbers& numbers, const Stage& stage, bool last);
/// The sum of as many numbers as there are parties, modulo 2^bits: inputs number after number.
gc::Circuit sum_circuit(const Numbers& numbers, std::size_t parties);

/// Position by position and copy by copy, the numbers of the sum that the circuit reads.
std::vector<Word> gathered(const Stage& stage, std::span<const Word> sum);

/// Numbers as planes of bits: bit after bit, 64 numbers a word; and back.
std::vector<Word> to_planes(std::span<const Word> numbers, std::size_t bits);
std::vector<Word> from_planes(std::span<const Word> planes, std::size_t bits, std::size_t count);
inline std::size_t plane_words(std::size_t numbers) { return (numbers + 63) / 64; }

}  // namespace tacit::seco
