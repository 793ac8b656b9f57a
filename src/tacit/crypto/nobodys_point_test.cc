// The point lies on the curve, is the words' own, and both ends of an exchange with it need a private key.
#include "tacit/crypto/nobodys_point.h"

#include <gtest/gtest.h>

namespace tacit {
namespace {

TEST(NobodysPoint, IsAPointOfTheWords) {
  const KemPublicKey point = nobodys_point("some words");
  EXPECT_EQ(nobodys_point("some words"), point);
  EXPECT_NE(nobodys_point("other words"), point);
  EXPECT_EQ(static_cast<int>(point.raw[64]) & 1, 0);
  // An exchange takes points of the curve alone, and is the private key's own.
  const KemPrivateKey a = KemPrivateKey::generate(Kem::P256), b = KemPrivateKey::generate(Kem::P256);
  const SecretBytes first = a.exchange(point), again = a.exchange(point), other = b.exchange(point);
  EXPECT_EQ(text_of(first.bytes()), text_of(again.bytes()));
  EXPECT_NE(text_of(first.bytes()), text_of(other.bytes()));
}

}  // namespace
}  // namespace tacit
