#include "tacit/he/bfv/parameters.h"

#include <algorithm>
#include <bit>

#include "tacit/base/error.h"

namespace tacit::he {

unsigned secure_modulus_bits(std::size_t degree) {
  constexpr std::pair<std::size_t, unsigned> kRows[] = {{1024, 27},  {2048, 54},   {4096, 109},
                                                        {8192, 218}, {16384, 438}, {32768, 881}};
  for (const auto& [n, bits] : kRows)
    if (n == degree) return bits;
  return 0;
}

BfvParameters BfvParameters::standard(Word plain, std::size_t degree) {
  struct Row {
    std::size_t degree;
    unsigned bits;  // of the first primes; the others have one fewer
    std::size_t first, others;
  };
  constexpr Row kRows[] = {{4096, 37, 1, 2}, {8192, 44, 3, 2}, {16384, 44, 8, 2}};
  for (const Row& row : kRows) {
    if (row.degree != degree) continue;
    std::vector<Word> primes = transform_primes(row.bits, degree, row.first);
    for (Word q : transform_primes(row.bits - 1, degree, row.others)) primes.push_back(q);
    return {degree, std::move(primes), plain};
  }
  throw UsageError(fmt::format("there is no standard set of degree {}: use 4096, 8192 or 16384", degree));
}

BfvParameters BfvParameters::first_primes(std::size_t count) const {
  require(count >= 1 && count <= primes.size(), "{} primes of {}: at least one, and no more than there are",
          count, primes.size());
  return {degree, {primes.begin(), primes.begin() + static_cast<std::ptrdiff_t>(count)}, plain};
}

unsigned BfvParameters::modulus_bits() const {
  unsigned bits = 0;
  for (Word q : primes) bits += static_cast<unsigned>(std::bit_width(q));
  return bits;
}

void BfvParameters::check() const {
  const unsigned allowed = secure_modulus_bits(degree);
  require(allowed > 0, "no security estimate is known for degree {}: use 1024 to 32768, a power of two",
          degree);
  require(!primes.empty() && modulus_bits() <= allowed,
          "a modulus of {} bits is not 128 bits secure at degree {}: at most {} are", modulus_bits(), degree,
          allowed);
  require(plain >= 2 && (std::has_single_bit(plain) || is_prime(plain)),
          "the plaintext modulus {} is neither a prime nor a power of two", plain);
  require(plain < *std::min_element(primes.begin(), primes.end()),
          "the plaintext modulus {} is not below every prime of the ciphertext modulus", plain);
}

Digest BfvParameters::id() const {
  Hasher h;
  auto number = [&](Word x) { h.update(std::as_bytes(std::span(&x, 1))); };
  h.update(bytes_of("tacit bfv 1"));
  number(degree);
  number(primes.size());
  for (Word q : primes) number(q);
  number(plain);
  return h.finish();
}

}  // namespace tacit::he
