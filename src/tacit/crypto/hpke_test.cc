// HPKE against the RFC's test vectors, and what it must refuse.
#include "tacit/crypto/hpke.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tacit/base/error.h"
#include "tacit/crypto/os_entropy.h"
#include "tacit/crypto/testing/hpke.h"
#include "tacit/crypto/testing/hpke_vectors.h"
#include "tacit/data/testing/files.h"

namespace tacit {
namespace {

using namespace testing;

Bytes hex(const char* text) { return from_hex(text); }
std::string hex_of(ByteView bytes) { return to_hex(bytes); }
Bytes count(std::uint64_t number) {
  const std::string text = "Count-" + std::to_string(number);
  return Bytes(bytes_of(text).begin(), bytes_of(text).end());
}

KemPrivateKey sender_key(const HpkeVector& v) {
  return KemPrivateKey::from_raw(Kem{v.kem}, hex(v.secret_sender));
}
KemPrivateKey receiver_key(const HpkeVector& v) {
  return KemPrivateKey::from_raw(Kem{v.kem}, hex(v.secret_receiver));
}

class Vectors : public ::testing::TestWithParam<HpkeVector> {};
INSTANTIATE_TEST_SUITE_P(Rfc9180, Vectors, ::testing::ValuesIn(kHpkeVectors), [](const auto& which) {
  return std::string(name_of(Kem{which.param.kem})) + "_" + std::to_string(which.param.aead);
});

TEST_P(Vectors, Keys) {
  const HpkeVector& v = GetParam();
  EXPECT_EQ(hex_of(receiver_key(v).public_key().raw), v.public_receiver);
  EXPECT_EQ(hex_of(sender_key(v).public_key().raw), v.enc);
  EXPECT_EQ(KemPrivateKey::from_seed(Kem{v.kem}, hex(v.ikm_receiver)).public_key(),
            receiver_key(v).public_key());
  EXPECT_EQ(hex_of(KemPrivateKey::from_seed(Kem{v.kem}, hex(v.ikm_sender)).public_key().raw), v.enc);
}

TEST_P(Vectors, TextsAndDerivedKeys) {
  const HpkeVector& v = GetParam();
  const HpkeCipher cipher{v.aead};
  HpkeSender sender =
      HpkeKnownAnswers::sender(cipher, receiver_key(v).public_key(), hex(kHpkeInfo), sender_key(v));
  EXPECT_EQ(hex_of(sender.enc()), v.enc);
  HpkeReceiver receiver(cipher, receiver_key(v), hex(v.enc), hex(kHpkeInfo));
  const Bytes text = hex(kHpkeText);
  std::size_t next = 0;
  for (std::uint64_t number = 0; number <= 256; ++number) {
    const Bytes sealed = sender.seal(count(number), text);
    if (number == kHpkeNumbers[next]) {
      EXPECT_EQ(hex_of(sealed), v.sealed[next]) << number;
      ++next;
    }
    const auto opened = receiver.open(count(number), sealed);
    ASSERT_TRUE(opened) << number;
    EXPECT_EQ(hex_of(opened->bytes()), kHpkeText);
  }
  EXPECT_EQ(next, std::size(kHpkeNumbers));
  for (std::size_t i = 0; i < std::size(kHpkeContexts); ++i) {
    EXPECT_EQ(hex_of(sender.derive(hex(kHpkeContexts[i]), 32).bytes()), v.exported[i]);
    EXPECT_EQ(hex_of(receiver.derive(hex(kHpkeContexts[i]), 32).bytes()), v.exported[i]);
  }
}

TEST_P(Vectors, WhatDoesNotOpen) {
  const HpkeVector& v = GetParam();
  const HpkeCipher cipher{v.aead};
  const Bytes info = hex(kHpkeInfo), sealed = hex(v.sealed[0]), text = hex(kHpkeText);
  const auto opens = [&](const KemPrivateKey& key, ByteView enc, ByteView with, ByteView aad, ByteView what) {
    return HpkeReceiver(cipher, key, enc, with).open(aad, what).has_value();
  };
  EXPECT_TRUE(opens(receiver_key(v), hex(v.enc), info, count(0), sealed));
  EXPECT_FALSE(opens(sender_key(v), hex(v.enc), info, count(0), sealed));
  EXPECT_FALSE(opens(receiver_key(v), hex(v.public_receiver), info, count(0), sealed));
  EXPECT_FALSE(opens(receiver_key(v), hex(v.enc), {}, count(0), sealed));
  EXPECT_FALSE(opens(receiver_key(v), hex(v.enc), info, count(1), sealed));
  EXPECT_FALSE(opens(receiver_key(v), hex(v.enc), info, count(1), hex(v.sealed[1])));  // another number
  for (std::size_t size = 0; size < sealed.size(); ++size)
    EXPECT_FALSE(opens(receiver_key(v), hex(v.enc), info, count(0), ByteView(sealed).first(size))) << size;
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes changed = sealed;
    changed[i] ^= std::byte{1};
    EXPECT_FALSE(opens(receiver_key(v), hex(v.enc), info, count(0), changed)) << i;
  }
  // What did not open leaves the place of the next.
  HpkeReceiver receiver(cipher, receiver_key(v), hex(v.enc), info);
  EXPECT_FALSE(receiver.open(count(1), sealed));
  EXPECT_TRUE(receiver.open(count(0), sealed));
}

TEST(Hpke, ExchangesAreFresh) {
  const KemPrivateKey key = KemPrivateKey::generate(Kem::X25519);
  const Bytes text = hex(kHpkeText);
  HpkeSender a(HpkeCipher::Aes256Gcm, key.public_key(), {}), b(HpkeCipher::Aes256Gcm, key.public_key(), {});
  EXPECT_NE(a.enc(), b.enc());
  EXPECT_NE(a.seal({}, text), b.seal({}, text));
  EXPECT_NE(a.seal({}, text), a.seal({}, text));
}

TEST(Hpke, EmptyTexts) {
  for (const Kem kem : {Kem::X25519, Kem::P256}) {
    const KemPrivateKey key = KemPrivateKey::generate(kem);
    HpkeSender sender(HpkeCipher::ChaCha20Poly1305, key.public_key(), {});
    const Bytes sealed = sender.seal({}, {});
    EXPECT_EQ(sealed.size(), kHpkeTagSize);
    const auto opened = HpkeReceiver(HpkeCipher::ChaCha20Poly1305, key, sender.enc(), {}).open({}, sealed);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->size(), 0u);
  }
}

TEST(Kem, WhatIsNoPublicKeyIsRefused) {
  const ScratchFolder folder;
  const auto refused = [&](const KemPublicKey& key) {
    return usage_error(folder, [&] { HpkeSender(HpkeCipher::Aes256Gcm, key, {}); });
  };
  const std::string p256 = "these bytes are no public key of p256",
                    x25519 = "these bytes are no public key of x25519";
  const KemPublicKey good = KemPrivateKey::generate(Kem::P256).public_key();
  EXPECT_EQ(refused(good), "(no error)");
  KemPublicKey bad = good;
  bad.raw[64] ^= std::byte{1};  // beside the curve
  EXPECT_EQ(refused(bad), p256);
  bad = good;
  bad.raw[0] = std::byte{2};
  EXPECT_EQ(refused(bad), p256);
  bad.raw.resize(33);  // compressed
  EXPECT_EQ(refused(bad), p256);
  EXPECT_EQ(refused({Kem::P256, {std::byte{0}}}), p256);  // the point at infinity
  EXPECT_EQ(refused({Kem::P256, {}}), p256);
  EXPECT_EQ(refused({Kem::X25519, Bytes(31)}), x25519);
  // Points of small order, which give zeros with every key.
  EXPECT_EQ(refused({Kem::X25519, Bytes(32)}), x25519);
  Bytes one(32);
  one[0] = std::byte{1};
  EXPECT_EQ(refused({Kem::X25519, one}), x25519);
  EXPECT_EQ(usage_error(folder, [&] { KemPrivateKey::generate(Kem::X25519).exchange(good); }),
            "a key of p256 cannot be used with one of x25519");
}

TEST(Kem, PrivateKeysHaveTheirRange) {
  const ScratchFolder folder;
  const Bytes order = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  const std::string none = "these bytes are no private key of P-256";
  EXPECT_EQ(usage_error(folder, [&] { KemPrivateKey::from_raw(Kem::P256, order); }), none);
  EXPECT_EQ(usage_error(folder, [&] { KemPrivateKey::from_raw(Kem::P256, Bytes(32)); }), none);
  Bytes last = order;
  last[31] = std::byte{0x50};
  KemPrivateKey::from_raw(Kem::P256, last);
  EXPECT_EQ(usage_error(folder, [&] { KemPrivateKey::from_raw(Kem::X25519, Bytes(31)); }),
            "a private key has 32 bytes, and these are 31");
  EXPECT_EQ(usage_error(folder, [&] { KemPrivateKey::from_seed(Kem::X25519, Bytes(31)); }),
            "a key needs a seed of 32 bytes, and this one has 31");
}

TEST(Kem, FilesKeepKeys) {
  const ScratchFolder folder;
  for (const Kem kem : {Kem::X25519, Kem::P256}) {
    const KemPrivateKey key = KemPrivateKey::generate(kem);
    const auto file = folder.path(std::string(name_of(kem)));
    key.save(file);
    const KemPrivateKey back = KemPrivateKey::load(file);
    EXPECT_EQ(back.kem(), kem);
    EXPECT_EQ(back.public_key(), key.public_key());
    EXPECT_EQ(hex_of(back.derive({}, "a use", 32).bytes()), hex_of(key.derive({}, "a use", 32).bytes()));
    EXPECT_NE(hex_of(back.derive({}, "a use", 32).bytes()), hex_of(key.derive({}, "another", 32).bytes()));
    EXPECT_NE(usage_error(folder, [&] { key.save(file); }).find("never overwritten"), std::string::npos);
    std::filesystem::permissions(file, std::filesystem::perms::group_read,
                                 std::filesystem::perm_options::add);
    EXPECT_NE(usage_error(folder, [&] { KemPrivateKey::load(file); }).find("others may read"),
              std::string::npos);
  }
  EXPECT_EQ(kem_named("p256"), Kem::P256);
  EXPECT_EQ(kem_named("x25519"), Kem::X25519);
  EXPECT_NE(usage_error(folder, [] { kem_named("p384"); }), "(no error)");
}

}  // namespace
}  // namespace tacit
