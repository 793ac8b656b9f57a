#include "tacit/he/poly/ntt.h"

#include <gtest/gtest.h>

#include <random>

#include "tacit/base/error.h"

namespace tacit::he {
namespace {

using Polynomial = std::vector<Word>;

/// a·b mod X^n + 1 and q, by the definition.
Polynomial schoolbook(const Modulus& q, const Polynomial& a, const Polynomial& b) {
  const std::size_t n = a.size();
  Polynomial out(n, 0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      const Word p = static_cast<Word>(Wide{a[i]} * b[j] % q.value());
      Word& to = out[(i + j) % n];
      to = i + j < n ? (to + p) % q.value() : (to + q.value() - p) % q.value();
    }
  return out;
}

Polynomial random_polynomial(const Modulus& q, std::size_t n, std::mt19937_64& rng) {
  Polynomial p(n);
  for (Word& x : p) x = rng() % q.value();
  return p;
}

struct Setting {
  Isa isa;
  unsigned bits;
};
class Transform : public ::testing::TestWithParam<Setting> {
 protected:
  std::mt19937_64 rng_{7};
};

TEST_P(Transform, ProductsAreThoseOfTheDefinition) {
  for (std::size_t n : {2, 4, 16, 32, 64, 128, 512, 1024}) {
    const Modulus q(transform_primes(GetParam().bits, n, 1)[0]);
    const Ntt ntt(q, n, GetParam().isa);
    const Polynomial high(n, q.value() - 1), one = [&] {
      Polynomial p(n, 0);
      p[0] = 1;
      return p;
    }();
    const Polynomial some = random_polynomial(q, n, rng_);
    const std::pair<Polynomial, Polynomial> pairs[] = {{some, random_polynomial(q, n, rng_)},
                                                       {high, high},
                                                       {some, high},
                                                       {some, one},
                                                       {Polynomial(n, 0), some}};
    for (const auto& [a, b] : pairs) {
      Polynomial x = a, y = b, product(n);
      ntt.forward(x);
      ntt.forward(y);
      ntt.multiply(x, y, product);
      Polynomial twice = product;
      ntt.multiply_add(x, y, twice);
      for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(twice[i], q.add(product[i], product[i])) << n;
      Polynomial scaled(n);
      ntt.scale(product, q.value() - 2, scaled);
      for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(scaled[i], q.negate(twice[i]) % q.value()) << n;
      Polynomial above(n), rest = twice;
      for (std::size_t i = 0; i < n; ++i)
        above[i] = i % 2 == 0 ? 2 * q.value() - 1 - i : rng_() % (2 * q.value());
      ntt.subtract_scale(above, q.value() - 1, q.value() / 2, rest);
      for (std::size_t i = 0; i < n; ++i)
        ASSERT_EQ(rest[i], q.mul(q.sub(q.sub(twice[i], above[i] % q.value()), 1), q.value() / 2)) << n;
      ntt.inverse(product);
      ASSERT_EQ(product, schoolbook(q, a, b)) << n;
    }
  }
}

TEST_P(Transform, EveryInstructionSetGivesTheSameAtFullSize) {
  for (std::size_t n : {2048, 4096, 8192, 16384, 32768})
    for (Word prime : transform_primes(GetParam().bits, n, 2)) {
      const Modulus q(prime);
      const Ntt ntt(q, n, GetParam().isa), reference(q, n, Isa::Portable);
      for (const Polynomial& a : {random_polynomial(q, n, rng_), Polynomial(n, q.value() - 1)}) {
        Polynomial x = a, y = a;
        ntt.forward(x);
        reference.forward(y);
        ASSERT_EQ(x, y) << n;
        ntt.inverse(x);
        ASSERT_EQ(x, a) << n;
        reference.inverse(y);
        ASSERT_EQ(y, a) << n;
      }
    }
}

TEST_P(Transform, SumsOfSmallTransformsAndProductsAreWhatTheirPartsGive) {
  for (std::size_t n : {2, 4, 32, 64, 128, 256, 512, 2048, 8192, 16384, 32768}) {
    const Modulus q(transform_primes(GetParam().bits, n, 1)[0]);
    const Ntt ntt(q, n, GetParam().isa), reference(q, n, Isa::Portable);
    const Polynomial a = random_polynomial(q, n, rng_), high(n, q.value() - 1);
    const Word factor = rng_() % q.value();
    for (int extreme : {0, 1, -1}) {
      std::vector<std::int8_t> small(n), other(n);
      Polynomial numbers(n);
      for (std::size_t i = 0; i < n; ++i) {
        small[i] = static_cast<std::int8_t>(extreme != 0 ? 21 * extreme : static_cast<int>(rng_() % 43) - 21);
        other[i] = static_cast<std::int8_t>(extreme != 0 ? extreme : static_cast<int>(rng_() % 3) - 1);
        const Word size = extreme != 0 ? q.value() / 2 : rng_() % (q.value() / 2 + 1);
        numbers[i] = extreme < 0 || (rng_() & 1) != 0 ? 0 - size : size;
      }
      auto signed_residue = [&](std::int64_t x) {
        return static_cast<Word>(x < 0 ? x + static_cast<std::int64_t>(q.value()) : x) % q.value();
      };
      Polynomial s(n), o(n), scaled(n), loose(n), out(n);
      for (std::size_t i = 0; i < n; ++i) {
        s[i] = signed_residue(small[i]), o[i] = signed_residue(other[i]);
        scaled[i] = q.add(s[i], q.mul(factor, signed_residue(static_cast<std::int64_t>(numbers[i]))));
      }
      reference.forward(s), reference.forward(o), reference.forward(scaled);
      for (const Polynomial& by : {a, high})
        for (bool swapped : {false, true}) {
          const Polynomial& times = swapped ? s : o;
          ntt.forward_small(swapped ? small : other, loose);
          ntt.forward_sum(small, by, loose, out);
          for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(out[i], q.add(s[i], q.mul(by[i], times[i]))) << n;
          ntt.forward_sum(small, numbers, factor, by, loose, out);
          for (std::size_t i = 0; i < n; ++i)
            ASSERT_EQ(out[i], q.add(scaled[i], q.mul(by[i], times[i]))) << n;
        }
    }
  }
}

std::vector<Setting> settings() {
  std::vector<Setting> all;
  for (Isa isa : runnable_isas())
    for (unsigned bits : {30, 41, 44, 45, 49, 50, 51, 55, 60, 61}) all.push_back({isa, bits});
  return all;
}
INSTANTIATE_TEST_SUITE_P(All, Transform, ::testing::ValuesIn(settings()), [](const auto& p) {
  return std::string(to_string(p.param.isa)) + "_" + std::to_string(p.param.bits);
});

TEST(Modulus, ReducesWhateverItPromises) {
  std::mt19937_64 rng(3);
  for (unsigned bits : {2, 3, 8, 20, 30, 31, 32, 33, 50, 60, 61}) {
    Word q = (Word{1} << bits) - 1;
    while (!is_prime(q)) q -= 2;
    const Modulus m(q);
    for (int i = 0; i < 2000; ++i) {
      const Word a = i < 4 ? q - 1 - static_cast<Word>(i) % q : rng() % q, b = i % 2 == 0 ? q - 1 : rng() % q;
      ASSERT_EQ(m.mul(a % q, b), static_cast<Word>(Wide{a % q} * b % q)) << q;
      const Word word = i == 0 ? ~Word{0} : rng();
      ASSERT_EQ(m.reduce(word), word % q) << q;
      if (a % q != 0) { ASSERT_EQ(m.mul(a % q, m.inverse(a % q)), 1u) << q; }
    }
  }
}

TEST(Modulus, PrimesAreTheLargestOfTheirKind) {
  for (std::size_t degree : {1024, 8192}) {
    const auto primes = transform_primes(49, degree, 4);
    for (std::size_t i = 0; i < primes.size(); ++i) {
      EXPECT_EQ(primes[i] % (2 * degree), 1u);
      EXPECT_TRUE(is_prime(primes[i]));
      EXPECT_EQ(primes[i] >> 48, 1u);
      if (i > 0) { EXPECT_LT(primes[i], primes[i - 1]); }
    }
  }
  EXPECT_TRUE(is_prime(2305843009213693951u));  // 2^61 - 1
  EXPECT_FALSE(is_prime(2305843009213693949u));
  EXPECT_FALSE(is_prime(3215031751u));  // a strong pseudoprime to the bases 2, 3, 5 and 7
  EXPECT_FALSE(is_prime(1));
  EXPECT_THROW(Modulus(15), UsageError);
  EXPECT_THROW(transform_primes(14, 8192, 1), UsageError);
  EXPECT_THROW(Ntt(Modulus(97), 64), UsageError);
}

}  // namespace
}  // namespace tacit::he
