#include "tacit/he/bfv/modulus_switch.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tacit/base/error.h"
#include "tacit/he/bfv/rerandomise.h"
#include "tacit/he/bfv/serialise.h"

namespace tacit::he {
namespace {

class Switching : public ::testing::TestWithParam<Word> {
 protected:
  Switching()
      : full_(BfvParameters::standard(GetParam())), key_(full_, random_), public_(full_, key_, random_) {
    for (std::size_t i = 0; i < full_.ring().degree(); ++i) message_.push_back(rng_() % GetParam());
  }
  Randomness random_;
  BfvContext full_;
  SecretKey key_;
  PublicKey public_;
  Workspace workspace_;
  std::mt19937_64 rng_{23};
  Plaintext message_;
};

TEST_P(Switching, TheMessageStaysAndTheNoiseIsWithinItsBound) {
  const Ciphertext c = public_.encrypt(message_, random_);
  const std::size_t fewest = fewest_primes(full_, c.noise, 1);
  for (std::size_t count = fewest; count < full_.ring().limbs(); ++count) {
    const BfvContext few(full_.parameters().first_primes(count));
    const Ciphertext small = ModulusSwitch(full_, few)(c, 1, workspace_);
    const SecretKey key(few, key_);
    EXPECT_EQ(key.decrypt(small), message_) << count;
    EXPECT_LE(key.noise(small), small.noise) << count;
    EXPECT_LE(small.noise, 13) << count;
    EXPECT_GT(key.noise(small), 4) << count;  // about sqrt(2n/3/12): rounding is there, and is tracked
  }
}

TEST_P(Switching, ARepliesWantedCoefficientsAndNoOthersAreDecrypted) {
  Ciphertext c = public_.encrypt(message_, random_);
  Plaintext factor(full_.ring().degree(), 0), mask;
  factor[0] = GetParam() - 1;
  for (std::size_t i = 0; i < message_.size(); ++i) mask.push_back(rng_() % GetParam());
  multiply_plain(full_, c, prepare(full_, factor));
  rerandomise(full_, c, public_, mask, 0, random_, workspace_);
  const BfvContext few(full_.parameters().first_primes(fewest_primes(full_, c.noise, 1)));
  const std::vector<std::size_t> wanted = {8191, 0, 17, 4096, 17};
  const Reply reply = ModulusSwitch(full_, few).reply(c, wanted, 1, workspace_);
  EXPECT_EQ(reply.c0.size(), wanted.size() * few.ring().limbs());
  const Bytes bytes = to_bytes(few, reply, 7);
  EXPECT_EQ(bytes.size(), reply_bytes(few, wanted.size()));
  const Reply back = read_reply(few, bytes, 7, wanted.size(), reply.noise);
  const auto got = decrypt(SecretKey(few, key_), back, wanted, workspace_);
  ASSERT_EQ(got.size(), wanted.size());
  for (std::size_t k = 0; k < wanted.size(); ++k)
    EXPECT_EQ(got[k], (mask[wanted[k]] + GetParam() - message_[wanted[k]]) % GetParam()) << k;
}

TEST_P(Switching, WhatDoesNotFitIsRefused) {
  Ciphertext c = public_.encrypt(message_, random_);
  const BfvContext few(full_.parameters().first_primes(2));
  const ModulusSwitch narrow(full_, few);
  c.noise = full_.noise_limit() - 1;
  EXPECT_NO_THROW(narrow(c, 1, workspace_));
  c.noise = full_.noise_limit() + 1;
  EXPECT_THROW(narrow(c, 1, workspace_), UsageError);
  EXPECT_THROW(fewest_primes(full_, full_.noise_limit() + 1, 1), UsageError);
  c.noise = 20;
  const std::size_t beyond[] = {0, 8192};
  EXPECT_THROW(narrow.reply(c, beyond, 1, workspace_), UsageError);
  EXPECT_THROW(ModulusSwitch(full_, full_), UsageError);
  EXPECT_THROW(ModulusSwitch(few, full_), UsageError);
  EXPECT_THROW(ModulusSwitch(full_, BfvContext(BfvParameters::standard(5).first_primes(2))), UsageError);
}

INSTANTIATE_TEST_SUITE_P(PlainModuli, Switching,
                         ::testing::Values(Word{1} << 26, Word{1} << 36, transform_primes(41, 8192, 1)[0]),
                         [](const auto& p) { return std::to_string(p.param); });

TEST(Replies, AreReadOnlyAsWhatTheyAre) {
  const BfvContext full(BfvParameters::standard(Word{1} << 36)), few(full.parameters().first_primes(2));
  Randomness random;
  Workspace workspace;
  const SecretKey key(full, random);
  const Ciphertext c = expand(full, key.encrypt({5, 6}, random));
  const std::size_t wanted[] = {0, 1, 2};
  const Reply reply = ModulusSwitch(full, few).reply(c, wanted, 1, workspace);
  const Bytes good = to_bytes(few, reply, 3);
  auto refused = [&](const BfvContext& context, ByteView bytes, std::uint64_t label, std::size_t count,
                     const std::string& why) {
    try {
      read_reply(context, bytes, label, count, 1);
      ADD_FAILURE() << "was read: " << why;
    } catch (const UsageError& e) {
      EXPECT_NE(std::string(e.what()).find(why), std::string::npos) << e.what();
    }
  };
  EXPECT_NO_THROW(read_reply(few, good, 3, 3, 1));
  refused(few, good, 4, 3, "number 3, where number 4 is due");
  refused(full, good, 3, 3, "other parameters");
  refused(few, good, 3, 4, "are due");
  refused(few, ByteView(good).first(good.size() - 1), 3, 3, "are due");
  refused(few, ByteView(good).first(20), 3, 3, "no ciphertext");
  Bytes bad = good;
  bad[32] = std::byte{1};
  refused(few, bad, 3, 3, "another kind");
  bad = good;
  std::fill_n(bad.begin() + 41, 6, std::byte{0xff});
  refused(few, bad, 3, 3, "out of range");
  const std::size_t fewer[] = {0, 1};
  EXPECT_THROW(decrypt(SecretKey(few, key), reply, fewer, workspace), UsageError);
}

TEST(Rerandomised, NothingOfTheProductsNoiseShowsAndTheMaskIsAdded) {
  constexpr Word kPlain = Word{1} << 36;
  const BfvContext context(BfvParameters::standard(kPlain));
  Randomness random;
  Workspace workspace;
  const SecretKey key(context, random);
  const PublicKey open(context, key, random);
  const Ciphertext zero = open.encrypt({}, random);
  Plaintext large(8192, kPlain / 2), one{1};
  for (const Plaintext& factor : {large, one}) {
    Ciphertext c = zero;
    multiply_plain(context, c, prepare(context, factor));
    const Poly before = c.c1;
    const double bound = c.noise, flood = hiding_bits(context, bound);
    EXPECT_GE(flood, bound + 13 + 39);
    rerandomise(context, c, open, {9, 8}, 20, random, workspace);
    EXPECT_LE(key.noise(c), c.noise);
    EXPECT_GT(key.noise(c), flood - 1);  // the largest of 8192 uniform ones
    Plaintext expected(8192, 0);
    expected[0] = 9, expected[1] = 8;
    EXPECT_EQ(key.decrypt(c), expected);
    std::size_t same = 0;
    for (std::size_t i = 0; i < before.size(); ++i) same += before[i] == c.c1[i];
    EXPECT_LT(same, 3u);
  }
  Ciphertext c = zero;
  c.noise = context.noise_limit() - 60;
  EXPECT_NO_THROW(rerandomise(context, c, open, {}, 0, random, workspace));
  c.noise = context.noise_limit() - 60;
  EXPECT_THROW(rerandomise(context, c, open, {}, 10, random, workspace), UsageError);
}

}  // namespace
}  // namespace tacit::he
