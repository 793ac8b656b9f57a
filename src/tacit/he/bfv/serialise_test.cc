#include "tacit/he/bfv/serialise.h"

#include <gtest/gtest.h>

#include "tacit/base/error.h"

namespace tacit::he {
namespace {

class Serialise : public ::testing::Test {
 protected:
  Serialise() : context_(BfvParameters::standard(Word{1} << 32)), key_(context_, random_) {}
  void refused(ByteView bytes, const std::string& why) {
    try {
      read_ciphertext(context_, bytes, 1);
      ADD_FAILURE() << "was read";
    } catch (const UsageError& e) {
      EXPECT_NE(std::string(e.what()).find(why), std::string::npos) << e.what();
    }
  }
  Randomness random_;
  BfvContext context_;
  SecretKey key_;
};

TEST_F(Serialise, WhatIsWrittenIsRead) {
  const Plaintext m{1, 2, 3, (Word{1} << 32) - 1};
  const SecretKey::Seeded seeded = key_.encrypt(m, random_);
  const Ciphertext whole = expand(context_, seeded);
  const Bytes a = to_bytes(context_, seeded), b = to_bytes(context_, whole), c = to_bytes(context_, whole.c1);
  EXPECT_EQ(a.size(), seeded_bytes(context_));
  EXPECT_EQ(b.size(), ciphertext_bytes(context_));
  EXPECT_EQ(c.size(), poly_bytes(context_));
  EXPECT_EQ(poly_bytes(context_), 33 + 8192 * 218 / 8);
  const Ciphertext from_seed = expand(context_, read_seeded(context_, a));
  EXPECT_EQ(from_seed.c0, whole.c0);
  EXPECT_EQ(from_seed.c1, whole.c1);
  EXPECT_EQ(from_seed.noise, whole.noise);
  const Ciphertext back = read_ciphertext(context_, b, whole.noise);
  EXPECT_EQ(back.c0, whole.c0);
  EXPECT_EQ(back.c1, whole.c1);
  EXPECT_EQ(read_poly(context_, c), whole.c1);
}

TEST_F(Serialise, NothingElseIsRead) {
  const Ciphertext whole = expand(context_, key_.encrypt({1}, random_));
  const Bytes good = to_bytes(context_, whole);
  refused({}, "0 bytes are no ciphertext");
  refused(ByteView(good).first(good.size() - 1), "are due");
  Bytes bad = good;
  bad.push_back(std::byte{0});
  refused(bad, "are due");
  bad = good;
  bad[0] ^= std::byte{1};
  refused(bad, "other parameters");
  bad = good;
  bad[32] = std::byte{3};
  refused(bad, "another kind");
  bad = good;
  std::fill_n(bad.begin() + 33, 6, std::byte{0xff});  // the first number: all ones is not below its prime
  refused(bad, "out of range");
  const BfvContext other(BfvParameters::standard(Word{1} << 33));
  EXPECT_THROW(read_ciphertext(other, good, 1), UsageError);
}

}  // namespace
}  // namespace tacit::he
