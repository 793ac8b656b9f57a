#include "tacit/he/threshold/key_share.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tacit/base/error.h"
#include "tacit/he/poly/flood.h"

namespace tacit::he {
namespace {

constexpr Word kPlain = Word{1} << 41;

Plaintext random_plain(std::size_t n, std::mt19937_64& rng) {
  Plaintext m(n);
  for (Word& x : m) x = rng() % kPlain;
  return m;
}

class Threshold : public ::testing::TestWithParam<std::size_t> {
 protected:
  Threshold() : context_(BfvParameters::standard(kPlain)), common_(common_polynomial(context_, Bytes(16))) {
    std::vector<Poly> parts;
    for (std::size_t i = 0; i < GetParam(); ++i) {
      shares_.emplace_back(context_, random_);
      parts.push_back(shares_.back().public_share(common_, random_));
    }
    joint_.emplace(join_public_key(context_, common_, parts));
  }
  std::vector<Poly> partials(const Ciphertext& c, unsigned flood) {
    std::vector<Poly> out;
    for (const KeyShare& s : shares_) out.push_back(s.partial_decryption(c, flood, random_));
    return out;
  }

  Randomness random_;
  BfvContext context_;
  Poly common_;
  std::vector<KeyShare> shares_;
  std::optional<PublicKey> joint_;
  std::mt19937_64 rng_{11};
};

TEST_P(Threshold, AllTogetherDecryptAndFewerDoNot) {
  const std::size_t n = context_.ring().degree();
  const Plaintext m = random_plain(n, rng_);
  const Ciphertext c = joint_->encrypt(m, random_);
  const unsigned flood = flood_bits(context_, c.noise, GetParam());
  std::vector<Poly> parts = partials(c, flood);
  EXPECT_EQ(join_decryption(context_, c, parts, flood), m);
  parts.pop_back();
  const Plaintext without = join_decryption(context_, c, parts, flood);
  std::size_t right = 0;
  for (std::size_t i = 0; i < n; ++i) right += without[i] == m[i];
  EXPECT_LT(right, 3u);
}

TEST_P(Threshold, AProductWithAPlaintextOfFullSizeDecrypts) {
  const std::size_t n = context_.ring().degree();
  const Plaintext m = random_plain(n, rng_), factor = random_plain(n, rng_);
  Ciphertext c = joint_->encrypt(m, random_);
  multiply_plain(context_, c, prepare(context_, factor));
  const unsigned flood = flood_bits(context_, c.noise, GetParam());
  const Plaintext got = join_decryption(context_, c, partials(c, flood), flood);
  for (std::size_t place : {std::size_t{0}, std::size_t{1}, n / 2, n - 1}) {
    Word sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const Word p = m[i] * factor[(place + n - i) % n];  // modulo 2^64, and so modulo 2^41
      sum += i <= place ? p : 0 - p;
    }
    EXPECT_EQ(got[place], sum & (kPlain - 1)) << place;
  }
}

INSTANTIATE_TEST_SUITE_P(Parties, Threshold, ::testing::Values(1, 2, 3, 6));

TEST(Flood, IsAsWideAsItSaysAndHidesNoLess) {
  const Ring ring(1024, transform_primes(44, 1024, 3));
  Randomness random;
  for (unsigned bits : {1u, 20u, 40u}) {
    Workspace workspace;
    const FloodPoly f(ring, bits, random, workspace);
    std::vector<Plaintext> parts(3, Plaintext(1024));
    Plaintext scratch(1024);
    for (std::size_t i = 0; i < 3; ++i) f.residues(i, parts[i], scratch);
    const double half = std::exp2(bits);
    double sum = 0, widest = 0;
    for (std::size_t k = 0; k < 1024; ++k) {
      const Word q = ring.modulus(0).value(), x = parts[0][k];
      const double v = x > q / 2 ? -static_cast<double>(q - x) : static_cast<double>(x);
      // The other limbs hold the same number.
      for (std::size_t i = 1; i < 3; ++i) {
        const Word p = ring.modulus(i).value(), y = parts[i][k];
        EXPECT_EQ(y > p / 2 ? -static_cast<double>(p - y) : static_cast<double>(y), v);
      }
      EXPECT_GE(v, -half);
      EXPECT_LT(v, half);
      sum += v, widest = std::max(widest, std::fabs(v));
    }
    EXPECT_GT(widest, 0.9 * half);
    EXPECT_LT(std::fabs(sum / 1024 + 0.5), 6 * half / std::sqrt(3.0 * 1024));
  }
}

TEST(Flood, WhatLeavesNoRoomIsRefused) {
  const BfvContext context(BfvParameters::standard(kPlain));
  const double limit = context.noise_limit();
  EXPECT_EQ(flood_bits(context, 30, 3), 82u);  // 30 + 13 + 40 - 1
  EXPECT_THROW(flood_bits(context, limit - 50, 3), UsageError);
  const Poly zero(context.ring().words(), 0);
  const std::vector<Poly> partial(3, zero);
  EXPECT_THROW(join_decryption(context, {zero, zero, limit - 1}, partial, static_cast<unsigned>(limit)),
               UsageError);
}

}  // namespace
}  // namespace tacit::he
