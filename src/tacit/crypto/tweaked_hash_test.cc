#include "tacit/crypto/tweaked_hash.h"

#include <gtest/gtest.h>

#include <random>

#include "tacit/crypto/prg.h"

namespace tacit {
namespace {

/// E of one block, by the generator: its block is the encryption of (block number, stream).
std::array<Word, 2> permuted(Word low, Word high) {
  const std::string_view key = "tacit fixed key.";
  std::array<Word, 2> out{};
  Prg(bytes_of(key), Isa::Portable).fill(high, 2 * low, out);
  return out;
}

TEST(TweakedHash, IsWhatItsDefinitionSays) {
  std::mt19937_64 rng(2);
  for (Isa isa : runnable_isas())
    for (AesHashKernel kernel : aes_hash_kernels(isa)) {
      const TweakedHash hash(kernel);
      for (std::size_t n : {0, 1, 2, 3, 4, 15, 16, 17, 31, 33, 70}) {
        std::vector<Word> in(2 * n), out(2 * n);
        for (std::size_t i = 0; i < in.size(); ++i) in[i] = i % 2 == 0 ? rng() >> 1 : rng();
        hash.hash(77, 1000, in, out);
        for (std::size_t i = 0; i < n; ++i) {
          const auto x = permuted(in[2 * i], in[2 * i + 1]);
          // The generator numbers words, so it has only blocks whose number is below 2^63.
          std::array<Word, 2> y{x[0] ^ (1000 + i), x[1] ^ 77};
          if (y[0] >> 63 != 0) continue;
          y = permuted(y[0], y[1]);
          EXPECT_EQ(out[2 * i], x[0] ^ y[0]) << to_string(isa) << " " << n << " " << i;
          EXPECT_EQ(out[2 * i + 1], x[1] ^ y[1]) << to_string(isa) << " " << n << " " << i;
        }
        std::vector<Word> whole(2 * n);
        TweakedHash(Isa::Portable).hash(77, 1000, in, whole);
        EXPECT_EQ(out, whole) << to_string(isa) << " " << n;
        hash.hash(77, 1000, in, in);
        EXPECT_EQ(in, out) << "in place";
      }
    }
}

}  // namespace
}  // namespace tacit
