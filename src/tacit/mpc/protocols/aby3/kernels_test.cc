// Every loop of aby3's kernels on each instruction set against the portable compilation, over sizes around
// the vectors' ends.
#include "tacit/mpc/protocols/aby3/kernels.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

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

/// Runs `body(kernels, n, bits, operands, words, bytes)` on each table with the same operands; all outputs
/// must be the same.
template <class Body>
void expect_same(Body body) {
  for (std::size_t n : kSizes)
    for (unsigned bits : {1u, 7u, 8u, 13u, 16u, 24u, 25u, 33u, 41u, 49u, 62u}) {
      std::vector<Word> expected_words;
      Bytes expected_bytes;
      for (const Isa isa : runnable_isas()) {
        std::vector<Word> words(4 * n + 64, 0);
        Bytes bytes(32 * n + 64, std::byte{0});
        Operands in;
        body(kernels(isa), n, bits, in, words.data(), bytes.data());
        if (isa == Isa::Portable) {
          expected_words = words;
          expected_bytes = bytes;
        }
        ASSERT_EQ(words, expected_words) << to_string(isa) << " " << n << " " << bits;
        ASSERT_EQ(bytes, expected_bytes) << to_string(isa) << " " << n << " " << bits;
      }
    }
}

std::size_t packed(unsigned bits) { return (bits + 7) / 8; }

TEST(Aby3Kernels, EveryInstructionSetDoesTheSame) {
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
  expect_same([](const Kernels& k, std::size_t n, unsigned bits, Operands& in, Word* w, std::byte* b) {
    k.trunc_left_half(n, bits, packed(bits), in.words(n), in.words(n), in.words(2 * n), w, b);
  });
}

}  // namespace
}  // namespace tacit::aby3
