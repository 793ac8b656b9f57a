// Known answers for BFV from Microsoft SEAL. Made by tests/vectors/bfv_seal.py, which says how.
#pragma once

#include <cstddef>

#include "tacit/base/bytes.h"

namespace tacit::he {

/// SHA-256 of a ciphertext's coefficients, limb after limb, and of what SEAL decrypts it to.
struct SealCiphertext {
  const char *c0, *c1, *message;
};

struct SealAnswer {
  std::size_t degree;
  Word plain;
  /// Of (c0, c1); of its product with a plaintext and its sum with one; of its sum and difference with
  /// (c1, c0), which decrypts to something, too.
  SealCiphertext fresh, product, plain_sum, sum, difference;
};

inline constexpr SealAnswer kSealAnswers[] = {
    {4096,
     65537,
     {"ed336ed4489a92ab917df20a17cc97502c67af368f45aa12409bf51ffba62d81",
      "74d575d4eec0b01e103fdf624f88f46bb70f924e5cb0853ac1b83e09a653f56f",
      "9213ad2c8df6abaab56bce780ffb373ea540f47e94bbfe4ac96b63a28ff1156d"},
     {"b93ffac63138d3f1061c7ac7358fd42ba98bedfcdffc25f8a91d50b223ad411a",
      "8644c92bfe136ea3414a0c8a5bc5410d619a0f25eda7aac4100e3dc49cc791a7",
      "c67ced2a292f0c35ef0bd0271ca9e137197d9b660f7c780b3514462f0ca5216b"},
     {"94b4448856fae354e4480230c49b25ed393486227251e85ea66db2738c727238",
      "74d575d4eec0b01e103fdf624f88f46bb70f924e5cb0853ac1b83e09a653f56f",
      "b12d60213ec193e4e4ef8eade3a53a1b4cb0ae45c1d72398895032329d06e2ef"},
     {"49bf5b2b1335207f0d2e86f6d5df15b41270d9327fd66f437c5e1b528900b5d2",
      "49bf5b2b1335207f0d2e86f6d5df15b41270d9327fd66f437c5e1b528900b5d2",
      "e500c6cfd21c2a08e55031cc91a0c8838aaf717c1d2d18e313cabb6e7941df9f"},
     {"f89ce11075841c5f2a9055f765b65d1dd6881f39304404101efdeb0aa1d1b688",
      "758db3d873263290c6c261c211bb45a89d8431287c99575d9383298b69d8c3fa",
      "e5dea4467fbdea0e292fc1d635feb6d77fa96b9ab20c34b4ce3cdc4c6211735f"}},
    {8192,
     68719476736,
     {"81bea50d283c43fe7cdd497c77ec0b47529ecdc93f038a6738298a06cf659a3f",
      "3f652d9e42a664032689289f0800c6d8760e768ac5d2ed5427effab2e61a5624",
      "196b66fddfb2643a0fba76ea4866037cb2b22d3146cd29506b545ccb02e583d0"},
     {"6b05df976e2c259034d1e548ba25019fc79771ad7e06b1ebb15b87c5cb556dfb",
      "4275c29261a2276d18a6bb5b9bcd4d2ac45c126c5324758ed49009e25c65f417",
      "a0fc6ffedb7226289ef51215328e39ea39ddf1234c3d4774b4b9f8afdce0a7fd"},
     {"d54d9ac7761783b871ebd2eaa99e0cdc74dd2971fb4869680a23368ad51e8503",
      "3f652d9e42a664032689289f0800c6d8760e768ac5d2ed5427effab2e61a5624",
      "c125bf5c556a2ed7135d0a786a35d8c08fb4f18a48cd0175ce3ea250d1ab046c"},
     {"041d8b0f1396bf73367a125df4d6275ac3c2f2a81d9408aebff6e56283a8365b",
      "041d8b0f1396bf73367a125df4d6275ac3c2f2a81d9408aebff6e56283a8365b",
      "631dafa00584a3584bfa7f7826c07d97fd4eeda3fa2a6e0e240d172f12c9633e"},
     {"c62eea9717e4fd58ee0ba6f877204a4622186f79c5d7e404ae99ef48022721bf",
      "7f3d7c6f04062222fd64b3921fd43fa596ee055f43adbee48c3cb859979d89d0",
      "b68139c58e2da7cb2cca76db5cf8eb842015f9ea5c700aaf97b1295c86a859f8"}},
};

}  // namespace tacit::he
