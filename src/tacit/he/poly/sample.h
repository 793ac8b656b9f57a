// What lattice encryption draws: uniform elements of a ring, and small secret polynomials, in constant time.
#pragma once

#include "tacit/base/secret_bytes.h"
#include "tacit/crypto/prg.h"
#include "tacit/he/poly/ring.h"

namespace tacit::he {

/// Fresh randomness for one purpose: a generator seeded by the operating system, whose streams are used once
/// each.
class Randomness {
 public:
  Randomness();
  /// From a key of 16 bytes that both ends know: of public values alone.
  explicit Randomness(ByteView public_seed);
  Stream next() { return Stream(prg_, next_++); }

 private:
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
/// number of tries shows, which is no harm: what is drawn so is public.
Poly sample_uniform(const Ring& ring, Randomness& random);
/// Uniform over {-1, 0, 1} to 2^-62.
SmallPoly sample_ternary(std::size_t degree, Randomness& random);
/// Centred binomial of 2·21 coins: standard deviation 3.24, never above kErrorBound.
SmallPoly sample_error(std::size_t degree, Randomness& random);
constexpr int kErrorBound = 21;

}  // namespace tacit::he
