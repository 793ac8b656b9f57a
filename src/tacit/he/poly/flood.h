// Noise that hides noise: uniform numbers so wide that what is added to them cannot be told from them.
// Uniform noise of 2^(b+1) values that is moved by at most v in each of n coefficients is at a statistical
// distance of n·v/2^(b+1) at most from what it was, whatever moves it.
#pragma once

#include "tacit/he/poly/sample.h"

namespace tacit::he {

constexpr unsigned kMostFloodBits = 190;

/// A polynomial, as coefficients, uniform over [-2^bits, 2^bits), and secret: it lies in the workspace, and
/// is gone with the scope in which it was made.
class FloodPoly {
 public:
  FloodPoly(const Ring& ring, unsigned bits, Randomness& random, Workspace& workspace);
  /// to = the residues of one limb. `scratch` is as long.
  void residues(std::size_t limb, std::span<Word> to, std::span<Word> scratch) const;

 private:
  const Ring* ring_;
  unsigned bits_, piece_bits_;
  std::vector<std::span<Word>> pieces_;  ///< the number is their sum, each piece_bits_ higher, less 2^bits
};

}  // namespace tacit::he
