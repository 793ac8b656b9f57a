#include "tacit/ot/kernels/ot_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tacit/ot/gf128.h"

namespace tacit::ot {
namespace {

std::vector<Word> noise(std::size_t n, std::uint64_t seed = 1) {
  std::mt19937_64 rng(seed);
  std::vector<Word> out(n);
  for (Word& w : out) w = rng();
  return out;
}

TEST(OtKernels, TransposeIsWhatItSays) {
  for (Isa isa : runnable_isas())
    for (std::size_t groups : {1, 2, 3, 4, 7, 32}) {
      const std::size_t stride = 2 * groups + 3;
      const std::vector<Word> columns = noise(128 * stride);
      std::vector<Word> blocks(256 * groups);
      ot_kernels(isa).transpose(columns.data(), stride, groups, blocks.data());
      for (std::size_t i = 0; i < 128 * groups; ++i)
        for (std::size_t c = 0; c < 128; ++c)
          ASSERT_EQ(blocks[2 * i + c / 64] >> (c % 64) & 1, columns[c * stride + i / 64] >> (i % 64) & 1)
              << to_string(isa) << " " << groups << " " << i << " " << c;
    }
}

TEST(OtKernels, TransposeOfKnownMatrices) {
  for (Isa isa : runnable_isas()) {
    std::vector<Word> columns(256), blocks(256);
    columns[2 * 5 + 1] = Word{1} << 6;  // bit 70 of column 5
    ot_kernels(isa).transpose(columns.data(), 2, 1, blocks.data());
    std::vector<Word> expected(256);
    expected[2 * 70] = Word{1} << 5;
    EXPECT_EQ(blocks, expected);
  }
}

TEST(OtKernels, FoldSumsTheRowsWhoseNumberHasABit) {
  for (Isa isa : runnable_isas())
    for (unsigned width = 1; width <= 4; ++width)
      for (std::size_t n : {1, 2, 5, 16, 31}) {
        const std::size_t rows = std::size_t{1} << width, stride = n + 1;
        const std::vector<Word> in = noise(rows * n), before = noise(width * stride, 2), first = noise(n, 3);
        for (bool all : {false, true}) {
          std::vector<Word> bits = before, total = first, due = before, due_total = first;
          for (std::size_t r = 0; r < rows; ++r)
            for (std::size_t i = 0; i < n; ++i) {
              for (unsigned l = 0; l < width; ++l)
                if ((r >> l & 1) == 1) due[l * stride + i] ^= in[r * n + i];
              if (all) due_total[i] ^= in[r * n + i];
            }
          ot_kernels(isa).fold(in.data(), n, width, bits.data(), stride, all ? total.data() : nullptr);
          EXPECT_EQ(bits, due) << to_string(isa) << " " << width << " " << n;
          EXPECT_EQ(total, due_total);
        }
      }
}

TEST(OtKernels, SumsOfRowsAndBlocks) {
  for (Isa isa : runnable_isas())
    for (std::size_t n : {1, 2, 3, 7, 8, 64, 129}) {
      const OtKernels& k = ot_kernels(isa);
      const std::vector<Word> in = noise(2 * n), before = noise(2 * n, 2);
      Word due[2] = {}, sum[2] = {9, 9};
      for (std::size_t i = 0; i < 2 * n; ++i) due[i % 2] ^= in[i];
      k.sum(in.data(), n, sum);
      EXPECT_EQ(sum[0], due[0]);
      EXPECT_EQ(sum[1], due[1]);

      std::vector<Word> a = before, b = before, c = before;
      k.add(in.data(), a.data(), 2 * n);
      k.add_if(1, in.data(), b.data(), 2 * n);
      k.add_if(0, in.data(), c.data(), 2 * n);
      EXPECT_EQ(a, b);
      EXPECT_EQ(c, before);
      for (std::size_t i = 0; i < 2 * n; ++i) EXPECT_EQ(a[i], in[i] ^ before[i]);

      std::vector<Word> bits((n + 63) / 64, ~Word{0});
      k.lowest_bits(in.data(), n, bits.data());
      for (std::size_t i = 0; i < 64 * bits.size(); ++i)
        EXPECT_EQ(bits[i / 64] >> (i % 64) & 1, i < n ? in[2 * i] & 1 : 0) << n << " " << i;

      for (std::size_t at = 0; at < n; ++at) {
        std::vector<Word> d = before;
        k.add_at(d.data(), n, at, sum);
        for (std::size_t i = 0; i < 2 * n; ++i)
          ASSERT_EQ(d[i], before[i] ^ (i / 2 == at ? sum[i % 2] : 0)) << to_string(isa) << n << " " << at;
      }
    }
}

TEST(OtKernels, BranchesAndLowestBits) {
  for (Isa isa : runnable_isas())
    for (std::size_t n : {1, 2, 3, 4, 5, 64}) {
      const OtKernels& k = ot_kernels(isa);
      const std::vector<Word> x = noise(2 * n), h = noise(2 * n, 2);
      std::vector<Word> left = x, right = h;
      Word sum[2], due[2] = {};
      k.branch(left.data(), right.data(), n, sum);
      EXPECT_EQ(left, h);
      for (std::size_t i = 0; i < 2 * n; ++i) {
        EXPECT_EQ(right[i], x[i] ^ h[i]);
        due[i % 2] ^= h[i];
      }
      EXPECT_EQ(sum[0], due[0]);
      EXPECT_EQ(sum[1], due[1]);
      k.clear_lowest(left.data(), n);
      for (std::size_t i = 0; i < 2 * n; ++i) EXPECT_EQ(left[i], i % 2 == 0 ? h[i] & ~Word{1} : h[i]);
    }
}

TEST(OtKernels, GatherAddsTheBlocksOfItsTable) {
  for (Isa isa : runnable_isas())
    for (std::size_t n : {1, 3, 31, 32, 33, 100}) {
      const std::uint32_t size = 777;
      const std::vector<Word> table = noise(2 * size), before = noise(2 * n, 2),
                              random = noise(n * kGathered / 2, 3);
      std::vector<Word> out = before, due = before;
      const auto* r = reinterpret_cast<const std::uint32_t*>(random.data());
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t d = 0; d < kGathered; ++d)
          for (std::size_t w = 0; w < 2; ++w)
            due[2 * i + w] ^= table[2 * (std::uint64_t{r[i * kGathered + d]} * size >> 32) + w];
      ot_kernels(isa).gather(r, size, table.data(), out.data(), n);
      EXPECT_EQ(out, due) << to_string(isa) << " " << n;
    }
}

std::vector<const OtKernels*> everywhere() {
  std::vector<const OtKernels*> all;
  for (Isa isa : runnable_isas())
    for (const OtKernels* k : all_ot_kernels(isa)) all.push_back(k);
  return all;
}

TEST(OtKernels, SumsOfProductsAreThoseOfSingleBits) {
  for (const OtKernels* k : everywhere())
    for (std::size_t n : {1, 2, 3, 4, 5, 6, 7, 31}) {
      const std::vector<Word> a = noise(2 * n), b = noise(2 * n, 2);
      auto add = [](Word x, Word y, Word* out) {
        for (unsigned i = 0; i < 64; ++i)
          if ((y >> i & 1) == 1) {
            out[0] ^= x << i;
            out[1] ^= i == 0 ? 0 : x >> (64 - i);
          }
      };
      Word whole[4] = {1, 2, 3, 4}, halves[2] = {5, 6}, scaled[4] = {7, 8, 9, 10};
      Word due[4] = {1, 2, 3, 4}, due_halves[2] = {5, 6}, due_scaled[4] = {7, 8, 9, 10};
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t p = 0; p < 2; ++p) {
          for (std::size_t q = 0; q < 2; ++q) add(a[2 * i + p], b[2 * i + q], due + p + q);
          add(a[2 * i + p], b[2 * i + p], due_halves);
          add(a[i], b[2 * i + p], due_scaled + 2 * p);
        }
      k->multiply_add(a.data(), b.data(), n, whole);
      k->multiply_add_words(a.data(), b.data(), n, halves);
      k->scale_add(a.data(), b.data(), n, scaled);
      EXPECT_TRUE(std::ranges::equal(whole, due)) << n;
      EXPECT_TRUE(std::ranges::equal(halves, due_halves)) << n;
      EXPECT_TRUE(std::ranges::equal(scaled, due_scaled)) << n;
    }
}

TEST(Gf128, KnownProducts) {
  for (const OtKernels* kernels : everywhere()) {
    const OtKernels& k = *kernels;
    // x^127 · x = x^7 + x^2 + x + 1.
    EXPECT_EQ(multiply(k, {0, Word{1} << 63}, {2, 0}), (Block{0x87, 0}));
    // x^127 · x^127 = x^254 = x^126 (x^7 + x^2 + x + 1), of which x^133 and x^128 come down once more.
    EXPECT_EQ(multiply(k, {0, Word{1} << 63}, {0, Word{1} << 63}),
              (Block{0x87 << 5 ^ 0x87, Word{1} << 63 ^ Word{1} << 62}));
    const Block a{0x0123456789abcdef, 0xfedcba9876543210};
    EXPECT_EQ(multiply(k, a, {1, 0}), a);
    EXPECT_EQ(multiply(k, a, {}), Block{});
  }
}

TEST(Gf128, IsAField) {
  for (const OtKernels* kernels : everywhere()) {
    const OtKernels& k = *kernels;
    const std::vector<Word> w = noise(6);
    const Block a{w[0], w[1]}, b{w[2], w[3]}, c{w[4], w[5]};
    EXPECT_EQ(multiply(k, a, b), multiply(k, b, a));
    EXPECT_EQ(multiply(k, multiply(k, a, b), c), multiply(k, a, multiply(k, b, c)));
    EXPECT_EQ(multiply(k, a, b ^ c), multiply(k, a, b) ^ multiply(k, a, c));
    // Fermat: a to the number of the field's elements is a.
    Block power = a;
    for (int i = 0; i < 128; ++i) power = multiply(k, power, power);
    EXPECT_EQ(power, a);
    EXPECT_EQ(multiply(k, a, b), multiply(ot_kernels(Isa::Portable), a, b));
    const std::vector<Block> x{a, b, c}, y{c, a, b};
    EXPECT_EQ(inner_product(k, x, y), multiply(k, a, c) ^ multiply(k, b, a) ^ multiply(k, c, b));
  }
}

TEST(Gf64, IsAField) {
  for (const OtKernels* kernels : everywhere()) {
    const OtKernels& k = *kernels;
    // x^63 · x = x^4 + x^3 + x + 1; x^63 · x^63 = x^62 (x^4 + x^3 + x + 1), of which x^66 and x^65 come down.
    EXPECT_EQ(multiply_half(k, Word{1} << 63, 2), 0x1bu);
    EXPECT_EQ(multiply_half(k, Word{1} << 63, Word{1} << 63), 0x1bu << 2 ^ 0x1bu << 1 ^ Word{3} << 62);
    const std::vector<Word> w = noise(64);
    const Word a = w[0], b = w[1], c = w[2];
    EXPECT_EQ(multiply_half(k, multiply_half(k, a, b), c), multiply_half(k, a, multiply_half(k, b, c)));
    Word power = a;
    for (int i = 0; i < 64; ++i) power = multiply_half(k, power, power);
    EXPECT_EQ(power, a);
    for (std::size_t n : {1, 2, 5, 8}) {
      Word pairs[2] = {}, scaled[4] = {};
      k.multiply_add_words(w.data(), w.data() + 20, n, pairs);
      k.scale_add(w.data(), w.data() + 20, n, scaled);
      Word due = 0;
      Block due_scaled;
      for (std::size_t i = 0; i < 2 * n; ++i) due ^= multiply_half(k, w[i], w[20 + i]);
      for (std::size_t i = 0; i < n; ++i)
        due_scaled = due_scaled ^ scale(k, w[i], Block{w[20 + 2 * i], w[21 + 2 * i]});
      EXPECT_EQ(reduce_half(pairs), due) << n;
      EXPECT_EQ(reduce_half(std::span<const Word, 2>(scaled, 2)), due_scaled.low) << n;
      EXPECT_EQ(reduce_half(std::span<const Word, 2>(scaled + 2, 2)), due_scaled.high) << n;
    }
  }
}

}  // namespace
}  // namespace tacit::ot
