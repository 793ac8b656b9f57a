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

  /// Degree 8192, 218 bits of modulus in five primes: room for products with plaintexts and for 40 bits of
  /// flooding.
  static BfvParameters standard(Word plain);

  unsigned modulus_bits() const;
  /// UsageError, saying what and how much is allowed, for a set that is insecure or no set at all.
  void check() const;
  /// What two ends compare: equal if and only if the parameters are.
  Digest id() const;
};

/// The most bits of modulus that are 128 bits secure at a degree; 0 for a degree that has no row.
unsigned secure_modulus_bits(std::size_t degree);

}  // namespace tacit::he
