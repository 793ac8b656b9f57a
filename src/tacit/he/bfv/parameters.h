// Parameters of BFV encryption (Fan and Vercauteren, 2012), and the check that they are secure: at most as
// many bits of modulus as the Homomorphic Encryption Standard (2018, table 1: uniform ternary secret, error
// of standard deviation 3.2, 128 bits, classical) allows for a degree.
#pragma once

#include "tacit/crypto/hash.h"
#include "tacit/he/poly/ring.h"

namespace tacit::he {

struct BfvParameters {
  std::size_t degree;
  std::vector<Word> primes;  ///< of the ciphertext modulus
  Word plain;                ///< the plaintext modulus: a prime or a power of two, below every prime above

  /// All the bits of modulus that are secure at a degree, in primes that the transform is fastest with:
  /// 4096: 109 bits in three; 8192: 218 in five, room for products with plaintexts and 40 bits of flooding;
  /// 16384: 438 in ten. UsageError for other degrees.
  static BfvParameters standard(Word plain, std::size_t degree = 8192);
  /// The same with the first `count` primes alone: where ciphertexts are switched to (modulus_switch.h).
  BfvParameters first_primes(std::size_t count) const;

  unsigned modulus_bits() const;
  /// UsageError, saying what and how much is allowed, for a set that is insecure or no set at all.
  void check() const;
  /// What two ends compare: equal if and only if the parameters are.
  Digest id() const;
};

/// The most bits of modulus that are 128 bits secure at a degree; 0 for a degree that has no row.
unsigned secure_modulus_bits(std::size_t degree);

}  // namespace tacit::he
