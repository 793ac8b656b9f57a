// Activations as circuits on masked numbers. Of a stage's sum y everyone knows Y = y + p, and nobody p, whose
// bits are shared; what comes out is z - r, where r is the mask of the next value, its bits shared too. With
// a power of two as modulus there is no reduction, and rounding is leaving bits out.
#pragma once

#include "tacit/gc/circuit/circuit.h"
#include "tacit/split/seco/network.h"

namespace tacit::seco {

/// What a circuit has as few of as there can be: levels of And gates, where each is a round, or And gates.
enum class Fewest { Rounds, Gates };

/// Inputs: Y of each position (`bits` each, public, half of the last place that stays added already), p of
/// each, and r; at the last stage the answer's mask a, as many bits as the answer has. Outputs: z - r, or
/// z ^ a.
gc::Circuit activation_circuit(const Numbers& numbers, const Stage& stage, bool last,
                               Fewest fewest = Fewest::Rounds);
/// The sum of as many numbers as there are parties, modulo 2^bits: inputs number after number.
gc::Circuit sum_circuit(const Numbers& numbers, std::size_t parties);

/// Position by position and copy by copy, the numbers of the sum that the circuit reads.
std::vector<Word> gathered(const Activation& activation, std::span<const Word> sum);

/// Numbers as planes of bits: bit after bit, 64 numbers a word; and back.
std::vector<Word> to_planes(std::span<const Word> numbers, std::size_t bits);
std::vector<Word> from_planes(std::span<const Word> planes, std::size_t bits, std::size_t count);
inline std::size_t plane_words(std::size_t numbers) { return (numbers + 63) / 64; }

/// What goes into a stage's circuit and comes out, as planes of its copies.
struct CircuitPorts {
  Numbers numbers;
  Activation activation;
  std::size_t positions, copies, out_bits;
  bool last;

  CircuitPorts(const Network& network, std::size_t stage);
  std::size_t words() const { return plane_words(copies); }
  std::size_t opened_planes() const { return positions * numbers.bits; }
  /// p of each position, then the next value's mask, or the answer's.
  std::size_t mask_planes() const { return opened_planes() + out_bits; }
  /// The planes that the circuit reads of the opened sum.
  std::vector<Word> opened(std::span<const Word> sum) const;
  /// What the output's planes mean: numbers, or at the last stage themselves.
  std::vector<Word> result(std::vector<Word> planes) const;
};

}  // namespace tacit::seco
