#include "tacit/he/bfv/bfv.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tacit/base/error.h"

namespace tacit::he {
namespace {

Plaintext random_plain(Word t, std::size_t n, std::mt19937_64& rng) {
  Plaintext m(n);
  for (Word& x : m) x = rng() % t;
  return m;
}

/// a·b mod X^n + 1 and t, where b has few coefficients that are not 0.
Plaintext product(const Plaintext& a, const std::vector<std::pair<std::size_t, Word>>& b, Word t) {
  const std::size_t n = a.size();
  Plaintext out(n, 0);
  for (const auto& [place, value] : b)
    for (std::size_t i = 0; i < n; ++i) {
      const Word p = static_cast<Word>(Wide{a[i]} * value % t);
      Word& to = out[(i + place) % n];
      to = i + place < n ? (to + p) % t : (to + t - p) % t;
    }
  return out;
}

class Bfv : public ::testing::TestWithParam<Word> {
 protected:
  Bfv()
      : context_(BfvParameters::standard(GetParam())),
        key_(context_, random_),
        public_(context_, key_, random_) {}
  Randomness random_;
  BfvContext context_;
  SecretKey key_;
  PublicKey public_;
  std::mt19937_64 rng_{5};
};

TEST_P(Bfv, WhatIsEncryptedIsDecrypted) {
  const std::size_t n = context_.ring().degree();
  const Word t = GetParam();
  for (const Plaintext& m :
       {random_plain(t, n, rng_), Plaintext(n, t - 1), Plaintext(n, t / 2), Plaintext(n, 0)}) {
    const Ciphertext symmetric = expand(context_, key_.encrypt(m, random_)),
                     open = public_.encrypt(m, random_);
    EXPECT_EQ(key_.decrypt(symmetric), m);
    EXPECT_EQ(key_.decrypt(open), m);
    EXPECT_LE(key_.noise(symmetric), symmetric.noise);
    EXPECT_LE(key_.noise(open), open.noise);
  }
}

TEST_P(Bfv, SumsAndProductsAreThoseOfThePlaintexts) {
  const std::size_t n = context_.ring().degree();
  const Word t = GetParam();
  const Plaintext a = random_plain(t, n, rng_), b = random_plain(t, n, rng_);
  Ciphertext x = expand(context_, key_.encrypt(a, random_)), y = public_.encrypt(b, random_);
  Plaintext sum(n), difference(n);
  for (std::size_t i = 0; i < n; ++i) sum[i] = (a[i] + b[i]) % t, difference[i] = (a[i] + t - b[i]) % t;
  Ciphertext z = x;
  add(context_, z, y);
  EXPECT_EQ(key_.decrypt(z), sum);
  z = x;
  subtract(context_, z, y);
  EXPECT_EQ(key_.decrypt(z), difference);
  z = x;
  add_plain(context_, z, b);
  EXPECT_EQ(key_.decrypt(z), sum);

  std::vector<std::pair<std::size_t, Word>> few = {{0, t - 1}, {1, t / 2}, {n - 1, t / 2 + 1}};
  for (int i = 0; i < 20; ++i) few.push_back({2 + rng_() % (n - 3), rng_() % t});
  Plaintext factor(n, 0);
  for (const auto& [place, value] : few) factor[place] = (factor[place] + value) % t;
  multiply_plain(context_, y, prepare(context_, factor));
  EXPECT_EQ(key_.decrypt(y), product(b, few, t));
  EXPECT_LE(key_.noise(y), y.noise);
  EXPECT_LT(y.noise, context_.noise_limit());
}

INSTANTIATE_TEST_SUITE_P(PlainModuli, Bfv,
                         ::testing::Values(Word{2}, Word{1} << 32, Word{1} << 41,
                                           transform_primes(41, 8192, 1)[0], Word{65537}, Word{3}),
                         [](const auto& p) { return std::to_string(p.param); });

TEST(BfvNoise, TheDeclaredBoundIsNotFarFromTheTruth) {
  const BfvContext context(BfvParameters::standard(Word{1} << 32));
  Randomness random;
  const SecretKey key(context, random);
  const Ciphertext c = PublicKey(context, key, random).encrypt({1, 2, 3}, random);
  EXPECT_GT(key.noise(c), 8);  // about sqrt(2n)·3.2·sqrt(2/3), far from 0
  EXPECT_LT(key.noise(c), 13);
  EXPECT_GT(context.noise_limit() - c.noise, 150);
}

TEST(BfvParameterSets, EveryStandardDegreeDecryptsWhatItEncrypts) {
  std::mt19937_64 rng(9);
  for (std::size_t degree : {4096, 8192, 16384})
    for (Word t : {Word{3}, Word{1} << 30, transform_primes(35, degree, 1)[0]}) {
      const BfvContext context(BfvParameters::standard(t, degree));
      Randomness random;
      const SecretKey key(context, random);
      const PublicKey open(context, key, random);
      const Plaintext m = random_plain(t, degree, rng);
      const Ciphertext c = open.encrypt(m, random);
      EXPECT_EQ(key.decrypt(c), m) << degree << " " << t;
      EXPECT_EQ(key.decrypt(expand(context, key.encrypt(m, random))), m) << degree << " " << t;
      EXPECT_LE(key.noise(c), c.noise);
    }
}

TEST(BfvParameterSets, InsecureOrImpossibleOnesAreRefused) {
  BfvParameters p = BfvParameters::standard(Word{1} << 32);
  EXPECT_EQ(p.modulus_bits(), 218u);
  EXPECT_NO_THROW(p.check());
  p.primes.push_back(transform_primes(30, 8192, 1)[0]);
  EXPECT_THROW(p.check(), UsageError);
  p = BfvParameters::standard(Word{1} << 32);
  p.degree = 4096;
  EXPECT_THROW(p.check(), UsageError);
  EXPECT_THROW(BfvParameters::standard(Word{1} << 44).check(), UsageError);
  EXPECT_THROW(BfvParameters::standard(15).check(), UsageError);
  for (const auto& [degree, bits] :
       {std::pair<std::size_t, unsigned>{4096, 109}, {8192, 218}, {16384, 438}}) {
    p = BfvParameters::standard(2, degree);
    EXPECT_EQ(p.modulus_bits(), bits);
    EXPECT_EQ(secure_modulus_bits(degree), bits);
    EXPECT_NO_THROW(p.check());
    EXPECT_EQ(p.first_primes(2).primes.size(), 2u);
    EXPECT_THROW(p.first_primes(0), UsageError);
  }
  EXPECT_THROW(BfvParameters::standard(2, 2048), UsageError);
  // One prime of 44 bits leaves no room for plaintexts of 41: neither key encrypts there.
  const BfvContext tight(BfvParameters::standard(Word{1} << 41).first_primes(1));
  Randomness random;
  const SecretKey key(tight, random);
  EXPECT_THROW(key.encrypt({1}, random), UsageError);
  EXPECT_THROW(PublicKey(tight, key, random).encrypt({1}, random), UsageError);
  EXPECT_NE(to_hex(BfvParameters::standard(2).id()), to_hex(BfvParameters::standard(4).id()));
}

}  // namespace
}  // namespace tacit::he
