// Ed25519 signatures: RFC 8032's own (section 7.1), and what no honest signer makes.
#include "tacit/crypto/identity.h"

#include <gtest/gtest.h>

namespace tacit {
namespace {

struct Signed {
  std::string_view secret, key, message, signature;
};
constexpr Signed kSigned[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f"
     "0595"
     "bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2ea"
     "eb43"
     "02aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e"
     "9716"
     "ed28dc027beceea1ec40a"},
};

template <std::size_t kSize>
std::array<std::byte, kSize> array_of(std::string_view hex) {
  const Bytes bytes = from_hex(hex);
  std::array<std::byte, kSize> out{};
  EXPECT_EQ(bytes.size(), kSize);
  std::copy_n(bytes.begin(), std::min(kSize, bytes.size()), out.begin());
  return out;
}

TEST(Identity, SignsAndVerifiesAsTheRfcDoes) {
  for (const Signed& v : kSigned) {
    const Identity identity = Identity::from_raw(from_hex(v.secret));
    const PublicKey key{array_of<32>(v.key)};
    const Signature signature = array_of<64>(v.signature);
    EXPECT_EQ(identity.public_key(), key);
    EXPECT_EQ(identity.sign(from_hex(v.message)), signature);
    EXPECT_TRUE(verify(key, from_hex(v.message), signature));
  }
}

TEST(Identity, EveryBitOfASignatureCounts) {
  const Identity identity = Identity::generate();
  const Bytes message(40, std::byte{7});
  const Signature signature = identity.sign(message);
  ASSERT_TRUE(verify(identity.public_key(), message, signature));
  for (std::size_t bit = 0; bit < 8 * signature.size(); ++bit) {
    Signature bad = signature;
    bad[bit / 8] ^= std::byte{1} << bit % 8;
    EXPECT_FALSE(verify(identity.public_key(), message, bad)) << bit;
  }
  for (std::size_t bit = 0; bit < 256; ++bit) {
    PublicKey other = identity.public_key();
    other.raw[bit / 8] ^= std::byte{1} << bit % 8;
    EXPECT_FALSE(verify(other, message, signature)) << bit;
  }
  EXPECT_FALSE(verify(identity.public_key(), Bytes(39, std::byte{7}), signature));
}

/// s and s plus the group's order solve the same equation: only one of them is a signature.
TEST(Identity, ASignatureHasOneForm) {
  constexpr std::string_view kOrder = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
  const Bytes order = from_hex(kOrder);
  for (const Signed& v : kSigned) {
    Signature other = array_of<64>(v.signature);
    unsigned carry = 0;
    for (std::size_t i = 0; i < 32; ++i) {
      carry += std::to_integer<unsigned>(other[32 + i]) + std::to_integer<unsigned>(order[i]);
      other[32 + i] = static_cast<std::byte>(carry & 255);
      carry >>= 8;
    }
    EXPECT_EQ(carry, 0u);
    EXPECT_FALSE(verify({array_of<32>(v.key)}, from_hex(v.message), other));
  }
}

/// Under the neutral point as a key, the neutral point and 0 would be a signature of everything.
TEST(Identity, KeysThatAcceptEverythingAreNone) {
  PublicKey neutral;
  neutral.raw[0] = std::byte{1};
  Signature of_all{};
  of_all[0] = std::byte{1};
  EXPECT_FALSE(verify(neutral, Bytes(3), of_all));
  EXPECT_FALSE(verify(PublicKey{}, Bytes(3), Signature{}));
}

}  // namespace
}  // namespace tacit
