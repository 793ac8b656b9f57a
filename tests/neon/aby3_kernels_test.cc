// Every loop of aby3's kernels on NEON against the portable compilation, over sizes around the vectors' ends.
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "tacit/mpc/protocols/aby3/kernels.h"

namespace tacit::aby3 {
namespace {

const std::size_t kSizes[] = {1, 2, 3, 63, 64, 65, 200, 1001};

struct Operands {
  std::mt19937_64 rng{7};
  std::vector<std::vector<Word>> kept;
  const Word* words(std::size_t n) {
    kept.emplace_back(n + 64);
    for (Word& w : kept.back()) w = rng();
    return kept.back().data();
  }
};

/// Runs `body(kernels, words, bytes)` on both tables with the same operands; both outputs must be the same.
template <class Body>
void expect_same(Body body) {
  for (std::size_t n : kSizes)
    for (unsigned bits : {1u, 7u, 8u, 13u, 16u, 24u}) {
      std::vector<Word> words[2];
      Bytes bytes[2];
      for (int i = 0; i < 2; ++i) {
        words[i].assign(4 * n + 64, 0);
        bytes[i].assign(32 * n + 64, std::byte{0});
        Operands in;
        body(kernels(i == 0 ? Isa::Portable : Isa::Neon), n, bits, in, words[i].data(), bytes[i].data());
      }
      ASSERT_EQ(words[0], words[1]) << n << " " << bits;
      ASSERT_EQ(bytes[0], bytes[1]) << n << " " << bits;
    }
}

std::size_t packed(unsigned bits) { return (bits + 7) / 8; }

TEST(Aby3Kernels, NeonIsPortable) {
  expect_same([](const Kernels& k, std::size_t n, unsigned, Operands& in, Word* w, std::byte*) {
    k.mask_sum(n, in.words(n), in.words(n), in.words(n), w);
  });
  expect_same([](const Kernels& k, std::size_t n, unsigned, Operands& in, Word* w, std::byte*) {
    k.select_deal(n, in.words(n), in.words(n), in.words(n), in.words(n), w, w + n);
    k.lift_deal(n, in.words(n), 1 << 16, in.words(n), w + 2 * n);
  });
  expect_same([](const Kernels& k, std::size_t n, unsigned, Operands& in, Word* w, std::byte*) {
    k.select_hold(n, in.words(n), in.words(n), in.words(n), in.words(n), in.words(n), in.words(n), w);
    k.lift_hold(n, in.words(n), 1 << 16, in.words(n), in.words(n), w + n);
  });
  expect_same([](const Kernels& k, std::size_t n, unsigned bits, Operands& in, Word* w, std::byte* b) {
    k.trunc_deal(n, bits, packed(bits), in.words(n), in.words(n), in.words(n), in.words(n), in.words(n),
                 in.words(n), in.words(2 * n), w, w + n, b);
  });
  expect_same([](const Kernels& k, std::size_t n, unsigned bits, Operands& in, Word* w, std::byte* b) {
    const std::size_t bytes = packed(bits);
    const auto* received = reinterpret_cast<const std::byte*>(in.words(4 * n));
    k.trunc_left(n, bits, bytes, in.words(n), in.words(2 * n), b);
    k.trunc_right(n, bits, bytes, in.words(n), received, b + bytes * n);
    k.trunc_finish(n, bits, bytes, in.words(n), b, b + bytes * n, w);
    k.trunc_right_half(n, bits, bytes, in.words(n), received, w + n, w + 2 * n);
    k.trunc_join(n, bits, bytes, in.words(n), received, w + 3 * n);
  });
}

}  // namespace
}  // namespace tacit::aby3
