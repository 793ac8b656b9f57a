// Noise that hides noise: uniform numbers so wide that what is added to them cannot be told from them.
#pragma once

#include "tacit/he/poly/sample.h"

namespace tacit::he {

constexpr unsigned kMostFloodBits = 190;

/// A polynomial, as coefficients, uniform over [-2^bits, 2^bits), and secret: zeroed when it goes.
class FloodPoly {
 public:
  FloodPoly(const Ring& ring, unsigned bits, Randomness& random);
  /// Residues of one limb.
  std::span<const Word> part(std::size_t limb) const;

 private:
  std::size_t degree_;
  SecretBytes words_;
};

}  // namespace tacit::he
