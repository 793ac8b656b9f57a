// HKDF against the test vectors of RFC 5869 for SHA-256.
#include "tacit/crypto/kdf.h"

#include <gtest/gtest.h>

namespace tacit {
namespace {

struct Vector {
  std::string key, salt, info;
  std::size_t size;
  const char *extracted, *expanded;
};

std::string through(std::size_t first, std::size_t last) {
  std::string out;
  for (std::size_t i = first; i <= last; ++i) out += static_cast<char>(i);
  return out;
}

TEST(Hkdf, RfcVectors) {
  const Vector vectors[] = {
      {std::string(22, '\x0b'), through(0, 12), through(0xf0, 0xf9), 42,
       "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
       "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
      {through(0, 0x4f), through(0x60, 0xaf), through(0xb0, 0xff), 82,
       "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
       "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da327"
       "5600c2f"
       "09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
      {std::string(22, '\x0b'), "", "", 42,
       "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
       "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
  };
  for (const Vector& v : vectors) {
    const SecretBytes extracted = hkdf_extract(bytes_of(v.salt), bytes_of(v.key));
    EXPECT_EQ(to_hex(extracted.bytes()), v.extracted);
    EXPECT_EQ(to_hex(hkdf_expand(extracted.bytes(), bytes_of(v.info), v.size).bytes()), v.expanded);
    EXPECT_EQ(to_hex(derive_key(bytes_of(v.key), bytes_of(v.salt), v.info, v.size).bytes()), v.expanded);
  }
}

}  // namespace
}  // namespace tacit
