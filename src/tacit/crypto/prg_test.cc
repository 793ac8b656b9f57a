#include "tacit/crypto/prg.h"

#include <gtest/gtest.h>

#include <vector>

namespace tacit {
namespace {

// AES-128 of the zero block under the zero key, as in NIST's known-answer tests.
TEST(Prg, FirstBlockIsAesOfTheCounter) {
  for (Isa isa : runnable_isas()) {
    Word out[2];
    Prg(Bytes(16), isa).fill(0, 0, out);
    EXPECT_EQ(to_hex(std::as_bytes(std::span(out))), "66e94bd4ef8a2c3b884cfa59ca342b2e") << to_string(isa);
  }
}

TEST(Prg, EveryInstructionSetGivesTheSameWordsFromAnyPlace) {
  const Bytes key = from_hex("000102030405060708090a0b0c0d0e0f");
  const Prg reference(key, Isa::Portable);
  std::vector<Word> whole(5000);
  reference.fill(7, 0, whole);
  for (Isa isa : runnable_isas()) {
    for (AesKernel kernel : aes_kernels(isa)) {
      const Prg prg(key, kernel);
      for (std::size_t first : {0, 1, 2, 63, 64, 1001})
        for (std::size_t n : {0, 1, 2, 3, 15, 64, 65, 1000, 3001}) {
          std::vector<Word> part(n);
          prg.fill(7, first, part);
          EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + static_cast<long>(first)))
              << to_string(isa) << " " << first << " " << n;
        }
    }
  }
}

TEST(Prg, StreamsDiffer) {
  const Prg prg(from_hex("000102030405060708090a0b0c0d0e0f"), detect_isa());
  std::vector<Word> a(64), b(64);
  prg.fill(1, 0, a);
  prg.fill(2, 0, b);
  EXPECT_NE(a, b);
}

}  // namespace
}  // namespace tacit
