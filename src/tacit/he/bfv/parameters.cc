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

BfvParameters BfvParameters::standard(Word plain) {
  constexpr std::size_t kDegree = 8192;
  std::vector<Word> primes = transform_primes(44, kDegree, 3);
  for (Word q : transform_primes(43, kDegree, 2)) primes.push_back(q);
  return {kDegree, std::move(primes), plain};
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
