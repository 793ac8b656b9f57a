#include "tacit/he/poly/modulus.h"

#include <bit>

#include "tacit/base/error.h"

namespace tacit::he {

namespace {

Word mul_mod(Word a, Word b, Word n) { return static_cast<Word>(Wide{a} * b % n); }
Word pow_mod(Word a, Word e, Word n) {
  Word result = 1;
  for (; e != 0; e >>= 1, a = mul_mod(a, a, n))
    if ((e & 1) != 0) result = mul_mod(result, a, n);
  return result;
}

}  // namespace

bool is_prime(Word n) {
  constexpr Word kBases[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37};
  for (Word p : kBases)
    if (n % p == 0) return n == p;
  if (n < 2) return false;
  const int twos = std::countr_zero(n - 1);
  for (Word base : kBases) {
    Word x = pow_mod(base, (n - 1) >> twos, n);
    bool witness = x != 1 && x != n - 1;
    for (int i = 1; witness && i < twos; ++i) {
      x = mul_mod(x, x, n);
      witness = x != n - 1;
    }
    if (witness) return false;
  }
  return true;
}

Modulus::Modulus(Word q) : q_(q), bits_(static_cast<unsigned>(std::bit_width(q))) {
  require(q > 2 && bits_ <= 61 && is_prime(q), "{} is no odd prime below 2^61", q);
  inverse_ = static_cast<Word>((Wide{1} << (2 * bits_ + 1)) / q);
  word_inverse_ = static_cast<Word>((Wide{1} << 64) / q);
}

Word Modulus::pow(Word a, Word exponent) const {
  Word result = 1;
  for (; exponent != 0; exponent >>= 1, a = mul(a, a))
    if ((exponent & 1) != 0) result = mul(result, a);
  return result;
}

std::vector<Word> transform_primes(unsigned bits, std::size_t degree, std::size_t count) {
  require(std::has_single_bit(degree) && bits <= 61 && (Word{1} << bits) > 2 * degree,
          "no primes of {} bits for degree {}", bits, degree);
  std::vector<Word> found;
  const Word step = 2 * degree;
  for (Word q = (Word{1} << bits) - step + 1; found.size() < count && q > step && q >> (bits - 1) != 0;
       q -= step)
    if (is_prime(q)) found.push_back(q);
  require(found.size() == count, "there are only {} primes of {} bits that are 1 modulo {}", found.size(),
          bits, step);
  return found;
}

Word primitive_root(const Modulus& q, std::size_t order) {
  ensure(std::has_single_bit(order) && order > 1 && (q.value() - 1) % order == 0, "a root of unity's order");
  for (Word candidate = 2;; ++candidate) {
    const Word root = q.pow(candidate, (q.value() - 1) / order);
    if (q.pow(root, order / 2) == q.value() - 1) return root;
  }
}

}  // namespace tacit::he
