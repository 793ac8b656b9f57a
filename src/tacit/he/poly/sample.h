// What lattice encryption draws: uniform elements of a ring, and small secret polynomials, in constant time:
// no branch and no index depends on a secret draw.
//
// Which distributions, and why. The Homomorphic Encryption Standard (Albrecht et al., 2018, table 1)
// estimates ring-LWE with a uniform ternary secret and a Gaussian error of standard deviation 8/sqrt(2 pi)
// = 3.19. Errors here are centred binomial, the ones among 42 coins less 21: standard deviation sqrt(42)/2
// = 3.24, not less than the standard's; attacks depend on an error's size alone, and for search problems the
// Renyi divergence from a rounded Gaussian argues the same (Alkim, Ducas, Poeppelmann and Schwabe,
// "Post-quantum key exchange: a new hope", 2016, section 4). The sum of 42 bits needs no table and no
// rejection; and its size is at most kErrorBound always, so that every bound on noise that starts from it is
// certain, not only likely.
#pragma once

#include "tacit/base/secret_bytes.h"
#include "tacit/crypto/prg.h"
#include "tacit/he/poly/ring.h"
#include "tacit/he/poly/workspace.h"

namespace tacit::he {

struct SampleKernels;

/// Fresh randomness for one purpose: a generator seeded by the operating system, whose streams are used once
/// each.
class Randomness {
 public:
  Randomness();
  /// From a key of 16 bytes that both ends know: of public values alone.
  explicit Randomness(ByteView public_seed);
  Stream next() { return Stream(prg_, next_++); }
  const SampleKernels& kernels() const { return *kernels_; }

 private:
  const SampleKernels* kernels_;
  std::shared_ptr<const Prg> prg_;
  std::uint64_t next_ = 0;
};

/// A polynomial of secret coefficients of at most 127 in size, zeroed when it goes.
class SmallPoly {
 public:
  explicit SmallPoly(std::size_t degree) : bytes_(degree) {}
  std::span<std::int8_t> coefficients() {
    return {reinterpret_cast<std::int8_t*>(bytes_.bytes().data()), bytes_.size()};
  }
  std::span<const std::int8_t> coefficients() const {
    return {reinterpret_cast<const std::int8_t*>(bytes_.bytes().data()), bytes_.size()};
  }

 private:
  SecretBytes bytes_;
};

/// Uniform over the ring: one word of the stream a try, and a try fails where it is not below the prime. The
/// number of tries shows, which is no harm: what is drawn so is public. The same stream gives the same.
void sample_uniform(const Ring& ring, Randomness& random, std::span<Word> out);
Poly sample_uniform(const Ring& ring, Randomness& random);
/// Uniform over {-1, 0, 1}, four from a word: a polynomial of degree n is at a distance of n·2^-59.6 from
/// uniform at most (2^-46 for 8192). Degrees are multiples of 8.
void sample_ternary(std::span<std::int8_t> to, Randomness& random, Workspace& workspace);
SmallPoly sample_ternary(std::size_t degree, Randomness& random);
/// Centred binomial: see above.
void sample_error(std::span<std::int8_t> to, Randomness& random, Workspace& workspace);
SmallPoly sample_error(std::size_t degree, Randomness& random);
constexpr int kErrorBound = 21;

}  // namespace tacit::he
