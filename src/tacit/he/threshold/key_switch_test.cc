#include "tacit/he/threshold/key_switch.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tacit/base/error.h"
#include "tacit/he/bfv/rerandomise.h"
#include "tacit/he/threshold/budget.h"

namespace tacit::he {
namespace {

constexpr Word kPlain = Word{1} << 36;

struct Joint {
  Joint(const BfvContext& context, std::size_t parties, Randomness& random)
      : key([&] {
          const Poly common = common_polynomial(context, Bytes(16));
          std::vector<Poly> parts;
          for (std::size_t i = 0; i < parties; ++i) {
            shares.emplace_back(context, random);
            parts.push_back(shares.back().public_share(common, random));
          }
          return join_public_key(context, common, parts);
        }()) {}
  std::vector<KeyShare> shares;
  PublicKey key;
};

class KeySwitch : public ::testing::TestWithParam<std::size_t> {
 protected:
  KeySwitch()
      : context_(BfvParameters::standard(kPlain)),
        joint_(context_, GetParam(), random_),
        user_(context_, random_),
        public_(context_, user_, random_) {
    for (std::size_t i = 0; i < context_.ring().degree(); ++i) message_.push_back(rng_() % kPlain);
  }
  std::vector<SwitchShare> shares(const Ciphertext& c, unsigned flood) {
    std::vector<SwitchShare> out;
    for (const KeyShare& s : joint_.shares)
      out.push_back(switch_share(context_, s, c, public_, flood, random_, workspace_));
    return out;
  }
  Randomness random_;
  Workspace workspace_;
  BfvContext context_;
  Joint joint_;
  SecretKey user_;
  PublicKey public_;
  std::mt19937_64 rng_{31};
  Plaintext message_;
};

TEST_P(KeySwitch, TheReceiverDecryptsAndTheNoiseIsWithinItsBound) {
  for (int run = 0; run < 12; ++run) {
    Ciphertext c = joint_.key.encrypt(message_, random_);
    Plaintext factor(context_.ring().degree());
    for (Word& x : factor) x = rng_() % kPlain;
    if (run % 2 == 1) multiply_plain(context_, c, prepare(context_, factor));
    const unsigned flood = switch_flood_bits(context_, c.noise, public_, GetParam());
    const Ciphertext mine = join_switch(context_, c, shares(c, flood), public_, flood);
    if (run % 2 == 0) { ASSERT_EQ(user_.decrypt(mine), message_); }
    const double noise = user_.noise(mine);
    ASSERT_LE(noise, mine.noise);
    // A sum of uniform ones: its standard deviation is sqrt(parties/3) of one's size, and the largest of 8192
    // lies beyond 3 of them (1 in 370), if one alone reaches that far.
    ASSERT_GT(noise, flood + 0.5 * std::log2(static_cast<double>(GetParam()) / 3));
  }
}

TEST_P(KeySwitch, WithoutOneShareItIsNoMessage) {
  const Ciphertext c = joint_.key.encrypt(message_, random_);
  const unsigned flood = switch_flood_bits(context_, c.noise, public_, GetParam());
  auto parts = shares(c, flood);
  parts.pop_back();
  if (parts.empty()) {
    EXPECT_THROW(join_switch(context_, c, parts, public_, flood), UsageError);
    return;
  }
  const Plaintext got = user_.decrypt(join_switch(context_, c, parts, public_, flood));
  std::size_t right = 0;
  for (std::size_t i = 0; i < got.size(); ++i) right += got[i] == message_[i];
  EXPECT_LT(right, 3u);
}

TEST_P(KeySwitch, DistributedDecryptionStaysWithinItsBoundOverManyRuns) {
  // The noise of the joint sum is read with a key that is the sum of all: here, of the shares' differences.
  for (int run = 0; run < 8; ++run) {
    const Ciphertext c = joint_.key.encrypt(message_, random_);
    const unsigned flood = flood_bits(context_, c.noise, GetParam());
    std::vector<Poly> parts;
    for (const KeyShare& s : joint_.shares) parts.push_back(s.partial_decryption(c, flood, random_));
    Poly sum = c.c0;
    context_.ring().inverse(sum);
    for (const Poly& p : parts) context_.ring().add(sum, p);
    // c0' = sum and c1' = 0: a ciphertext under every key.
    context_.ring().forward(sum);
    const Ciphertext open{sum, Poly(sum.size(), 0), 0};
    const double noise = user_.noise(open);
    const double parties = static_cast<double>(GetParam());
    EXPECT_LE(noise, log_sum(c.noise, flood + std::log2(parties)));
    EXPECT_GT(noise, flood + 0.5 * std::log2(parties / 3));
    ASSERT_EQ(user_.decrypt(open), message_);
  }
}

INSTANTIATE_TEST_SUITE_P(Parties, KeySwitch, ::testing::Values(1, 2, 3, 4, 5));

TEST(SwitchShares, AreReadOnlyAsWhatTheyAreAndRefusedWhereTheyDoNotFit) {
  const BfvContext context(BfvParameters::standard(kPlain)), other(BfvParameters::standard(kPlain / 2));
  Randomness random;
  Workspace workspace;
  Joint joint(context, 2, random);
  const SecretKey user(context, random);
  const PublicKey open(context, user, random);
  Ciphertext c = joint.key.encrypt({1}, random);
  const unsigned flood = switch_flood_bits(context, c.noise, open, 2);
  const SwitchShare share = switch_share(context, joint.shares[0], c, open, flood, random, workspace);
  const Bytes good = to_bytes(context, share, 1);
  EXPECT_EQ(good.size(), switch_share_bytes(context));
  const SwitchShare back = read_switch_share(context, good, 1);
  EXPECT_EQ(back.h0, share.h0);
  EXPECT_EQ(back.h1, share.h1);
  EXPECT_THROW(read_switch_share(context, good, 2), UsageError);
  EXPECT_THROW(read_switch_share(other, good, 1), UsageError);
  EXPECT_THROW(read_switch_share(context, ByteView(good).first(good.size() / 2), 1), UsageError);
  Bytes bad = good;
  std::fill_n(bad.begin() + 41, 6, std::byte{0xff});
  EXPECT_THROW(read_switch_share(context, bad, 1), UsageError);

  EXPECT_THROW(switch_flood_bits(context, context.noise_limit() - 50, open, 2), UsageError);
  const std::vector<SwitchShare> two = {share, share};
  EXPECT_THROW(join_switch(context, c, two, open, static_cast<unsigned>(context.noise_limit())), UsageError);
  const PublicKey foreign(other, SecretKey(other, random), random);
  EXPECT_THROW(switch_share(context, joint.shares[0], c, foreign, flood, random, workspace), UsageError);
  const std::vector<SwitchShare> wrong = {share, {Poly(8192), Poly(8192)}};
  EXPECT_THROW(join_switch(context, c, wrong, open, flood), UsageError);
}

TEST(NoiseBudgets, SayWhatFits) {
  for (std::size_t parties : {2, 3, 4, 5, 6}) {
    const unsigned bits = most_plain_bits(8192, parties);
    EXPECT_GE(bits, 36u) << parties;
    const BfvContext fits(BfvParameters::standard(Word{1} << bits));
    const NoiseBudget b = plan_noise(fits, parties);
    EXPECT_LT(b.smudged, b.limit);
    EXPECT_GT(b.hidden, b.product + 40);
    EXPECT_GT(b.smudged, b.sum + 40);
    EXPECT_THROW(plan_noise(BfvContext(BfvParameters::standard(Word{1} << (bits + 1))), parties), UsageError);
    EXPECT_EQ(most_plain_bits(16384, parties), 42u);  // the primes' own size is the limit
    EXPECT_EQ(most_plain_bits(4096, parties), 0u);
  }
}

TEST(NoiseBudgets, AWholeLayerStaysWithinThem) {
  constexpr std::size_t kParties = 3;
  const BfvContext context(BfvParameters::standard(Word{1} << 36));
  Randomness random;
  Workspace workspace;
  Joint joint(context, kParties, random);
  std::mt19937_64 rng(41);
  Plaintext x(8192), expected(8192, 0);
  for (Word& v : x) v = rng() % kPlain;
  const Ciphertext input = joint.key.encrypt(x, random);
  std::optional<Ciphertext> sum;
  for (std::size_t party = 0; party < kParties; ++party) {
    Plaintext factor(8192);
    for (Word& v : factor) v = rng() % kPlain;
    Ciphertext c = input;
    multiply_plain(context, c, prepare(context, factor));
    rerandomise(context, c, joint.key, {}, 55, random, workspace);
    for (std::size_t place : {std::size_t{0}, std::size_t{5000}})
      for (std::size_t i = 0; i < 8192; ++i) {
        const Word p = x[i] * factor[(place + 8192 - i) % 8192];
        expected[place] += i <= place ? p : 0 - p;
      }
    if (sum)
      add(context, *sum, c);
    else
      sum = std::move(c);
  }
  const NoiseBudget plan = plan_noise(context, kParties);
  EXPECT_LE(sum->noise, plan.sum + 0.01);
  const unsigned flood = flood_bits(context, sum->noise, kParties);
  std::vector<Poly> parts;
  for (const KeyShare& s : joint.shares) parts.push_back(s.partial_decryption(*sum, flood, random));
  const Plaintext got = join_decryption(context, *sum, parts, flood);
  EXPECT_EQ(got[0], expected[0] % kPlain);
  EXPECT_EQ(got[5000], expected[5000] % kPlain);
}

}  // namespace
}  // namespace tacit::he
