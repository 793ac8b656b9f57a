// Arithmetic modulo a prime of at most 61 bits, and the search for primes that have the roots of unity which
// the number-theoretic transform needs.
#pragma once

#include <vector>

#include "tacit/base/bytes.h"
#include "tacit/he/poly/wide.h"

namespace tacit::he {

/// A prime q, 2 < q < 2^61. Operands and results are below q unless said otherwise; no branch depends on
/// them.
class Modulus {
 public:
  /// UsageError if q is not a prime of such a size.
  explicit Modulus(Word q);

  Word value() const { return q_; }
  unsigned bits() const { return bits_; }
  bool operator==(const Modulus& other) const { return q_ == other.q_; }

  /// Any word (Barrett: the quotient's estimate is at most 1 too small).
  Word reduce(Word x) const { return once(x - static_cast<Word>((Wide{x} * word_inverse_) >> 64) * q_); }
  /// Any x below 2^(2·bits()): a product (the estimate is at most 2 too small).
  Word reduce(Wide x) const {
    const Wide top = x >> (bits_ - 1);
    const Word quotient = static_cast<Word>((top * inverse_) >> (bits_ + 2));
    return once(once(static_cast<Word>(x) - quotient * q_));
  }
  Word add(Word a, Word b) const { return once(a + b); }
  Word sub(Word a, Word b) const { return once(a + q_ - b); }
  Word negate(Word a) const { return once(q_ - a); }
  Word mul(Word a, Word b) const { return reduce(Wide{a} * b); }
  /// Of public exponents.
  Word pow(Word a, Word exponent) const;
  /// Of a != 0.
  Word inverse(Word a) const { return pow(a, q_ - 2); }

 private:
  /// x below 2q becomes x mod q.
  Word once(Word x) const { return x - (q_ & (0 - static_cast<Word>(x >= q_))); }

  Word q_, inverse_, word_inverse_;
  unsigned bits_;
};

/// Deterministic for every word (Miller-Rabin with the first twelve primes as bases).
bool is_prime(Word n);
/// The `count` largest primes below 2^bits that are 1 mod 2·degree: those with a primitive 2·degree-th root
/// of unity. UsageError if there are not so many.
std::vector<Word> transform_primes(unsigned bits, std::size_t degree, std::size_t count);
/// A primitive root of unity of order `order`, a power of two that divides q - 1; the same on every machine.
Word primitive_root(const Modulus& q, std::size_t order);

}  // namespace tacit::he
