// Boolean circuits on XOR shares (Goldreich, Micali, Wigderson, "How to play any mental game", 1987), 64
// copies a word: one bit triple and 2 bits from each party to each other an And gate and copy, in as many
// rounds as the circuit has levels of And gates. Gates of public wires alone, and And with one, cost nothing.
//
// Passive security against any n - 1 of n parties, given triples that nobody else knows.
#pragma once

#include "tacit/gc/circuit/circuit.h"
#include "tacit/gc/gmw/bit_triples.h"

namespace tacit::gc {

/// A circuit in the order in which shares are computed on: level after level of And gates, free gates
/// between.
class GmwPlan {
 public:
  /// The first `publics` inputs are known to all parties.
  explicit GmwPlan(Circuit circuit, std::size_t publics = 0);

  const Circuit& circuit() const { return circuit_; }
  std::size_t publics() const { return publics_; }
  /// And gates that take a triple, and levels of them.
  std::size_t ands() const;
  std::size_t rounds() const { return levels_.size() - 1; }
  /// Of one level, from 1 to rounds().
  std::size_t ands_at(std::size_t level) const { return levels_[level].ands.size(); }
  /// Words of triples for `words` of copies.
  std::size_t triples(std::size_t words) const { return ands() * words; }
  /// Bytes that all parties send.
  std::uint64_t bytes(std::size_t parties, std::size_t words) const;

 private:
  friend class Gmw;
  struct Level {
    std::vector<Gate> ands;  ///< of shares, all at once
    std::vector<Gate> free;  ///< after them
  };
  bool is_public(Wire w) const { return public_[w]; }

  Circuit circuit_;
  std::size_t publics_;
  std::vector<bool> public_;   ///< a wire
  std::vector<Level> levels_;  ///< the first has no And gates
};

class Gmw {
 public:
  explicit Gmw(Party& party) : party_(party) {}

  /// Wire after wire, `words` words each: public inputs' values, then shares of the others. Gives shares of
  /// the outputs. UsageError if there are too few triples.
  std::vector<Word> evaluate(const GmwPlan& plan, std::size_t words, std::span<const Word> publics,
                             std::span<const Word> shares, BitTriples& triples);

  /// Tells everyone what `shares` are of: one round.
  std::vector<Word> open(std::span<const Word> shares);

 private:
  Party& party_;
};

}  // namespace tacit::gc
