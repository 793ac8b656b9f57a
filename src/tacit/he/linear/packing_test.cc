#include "tacit/he/linear/packing.h"

#include <gtest/gtest.h>

#include <random>

#include "tacit/base/error.h"

namespace tacit::he {
namespace {

/// a·b modulo X^n + 1 and 2^64.
std::vector<Word> product(const Plaintext& a, const Plaintext& b) {
  const std::size_t n = a.size();
  std::vector<Word> out(n, 0);
  for (std::size_t i = 0; i < n; ++i) {
    if (a[i] == 0) continue;
    for (std::size_t j = 0; j < n; ++j) {
      const Word p = a[i] * b[j];
      out[(i + j) % n] += i + j < n ? p : 0 - p;
    }
  }
  return out;
}

/// The map by its packing; every result must be wanted exactly once.
std::vector<Word> by_packing(const LinearPacking& p, const std::vector<Word>& x, const std::vector<Word>& w,
                             std::size_t degree) {
  std::vector<Word> out(p.result_size(), 0);
  std::vector<int> told(p.result_size(), 0);
  for (std::size_t o = 0; o < p.outputs(); ++o) {
    std::vector<Word> sum(degree, 0);
    for (std::size_t i = 0; i < p.inputs(); ++i) {
      const auto factor = p.factor(i, o, w);
      if (!factor) continue;
      const auto part = product(p.input(i, x), *factor);
      for (std::size_t k = 0; k < degree; ++k) sum[k] += part[k];
    }
    for (const auto& [coefficient, result] : p.wanted(o)) {
      out.at(result) = sum.at(coefficient);
      ++told.at(result);
    }
  }
  for (int times : told) EXPECT_EQ(times, 1);
  return out;
}

std::vector<Word> random_words(std::size_t n, std::mt19937_64& rng) {
  std::vector<Word> out(n);
  for (Word& x : out) x = rng() | 1;
  return out;
}

TEST(LinearPacking, ConvolutionsOfRandomShapesAreThoseOfTheRing) {
  std::mt19937_64 rng(17);
  auto dice = [&](std::size_t low, std::size_t high) { return low + rng() % (high - low + 1); };
  Workers one(1);
  const Compute compute{ring_kernels(detect_isa()), one};
  for (int round = 0; round < 150; ++round) {
    const std::size_t degree = std::size_t{64} << dice(0, 3);
    ConvGeometry g;
    g.groups = dice(1, 2);
    g.stride_h = dice(1, 3), g.stride_w = dice(1, 3);
    g.pad_top = dice(0, 2), g.pad_left = dice(0, 2), g.pad_bottom = dice(0, 2), g.pad_right = dice(0, 2);
    const std::size_t channels = g.groups * dice(1, 5), outputs = g.groups * dice(1, 6);
    const std::size_t kh = dice(1, 3), kw = dice(1, 3), h = dice(kh, 17), w = dice(kw, 17);
    SCOPED_TRACE(fmt::format("degree {}, {}x{}x{} by {} of {}x{}, {} groups, strides {} {}, round {}", degree,
                             channels, h, w, outputs, kh, kw, g.groups, g.stride_h, g.stride_w, round));
    const Shape image{1, channels, h, w}, kernel{outputs, channels / g.groups, kh, kw};
    RingTensor x(image), k(kernel);
    for (RingTensor* t : {&x, &k})
      for (Word& word : t->words) word = rng() | 1;
    const RingTensor expected = evaluate(compute, Bilinear::convolution(g), Field::Ring, x, k);
    const LinearPacking p = LinearPacking::convolution(g, {channels, h, w}, kernel, degree);
    const std::vector<Word> got =
        by_packing(p, {x.words.begin(), x.words.end()}, {k.words.begin(), k.words.end()}, degree);
    ASSERT_TRUE(std::equal(got.begin(), got.end(), expected.words.begin(), expected.words.end()));
  }
}

TEST(LinearPacking, MatricesOfRandomShapesAreThoseOfTheDefinition) {
  std::mt19937_64 rng(18);
  auto dice = [&](std::size_t low, std::size_t high) { return low + rng() % (high - low + 1); };
  for (int round = 0; round < 60; ++round) {
    const std::size_t degree = std::size_t{64} << dice(0, 3), rows = dice(1, 9), inner = dice(1, 90),
                      outputs = dice(1, 40);
    const auto x = random_words(rows * inner, rng), w = random_words(outputs * inner, rng);
    const auto got = by_packing(LinearPacking::matrix(rows, inner, outputs, degree), x, w, degree);
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t o = 0; o < outputs; ++o) {
        Word sum = 0;
        for (std::size_t i = 0; i < inner; ++i) sum += x[r * inner + i] * w[o * inner + i];
        ASSERT_EQ(got[r * outputs + o], sum) << rows << " " << inner << " " << outputs << " " << degree;
      }
  }
}

TEST(LinearPacking, ADenseLayerUnderEncryption) {
  constexpr Word kPlain = Word{1} << 41;
  const BfvContext context(BfvParameters::standard(kPlain));
  Randomness random;
  const SecretKey key(context, random);
  std::mt19937_64 rng(19);
  const std::size_t inner = 784, outputs = 24;
  auto x = random_words(inner, rng), w = random_words(outputs * inner, rng);
  for (auto* list : {&x, &w})
    for (Word& v : *list) v %= kPlain;
  const LinearPacking p = LinearPacking::matrix(1, inner, outputs, context.ring().degree());
  EXPECT_LE(p.inputs() + p.outputs(), 4u);
  for (std::size_t o = 0; o < p.outputs(); ++o) {
    std::optional<Ciphertext> sum;
    for (std::size_t i = 0; i < p.inputs(); ++i) {
      Ciphertext c = expand(context, key.encrypt(p.input(i, x), random));
      const auto factor = p.factor(i, o, w);
      if (!factor) continue;
      multiply_plain(context, c, prepare(context, *factor));
      if (sum)
        add(context, *sum, c);
      else
        sum = std::move(c);
    }
    ASSERT_TRUE(sum);
    const Plaintext m = key.decrypt(*sum);
    for (const auto& [coefficient, result] : p.wanted(o)) {
      Word expected = 0;
      for (std::size_t i = 0; i < inner; ++i) expected += x[i] * w[result * inner + i];
      EXPECT_EQ(m[coefficient], expected & (kPlain - 1)) << result;
    }
  }
}

TEST(LinearPacking, WhatCannotBePackedIsRefused) {
  ConvGeometry dilated;
  dilated.dilation_h = 2;
  EXPECT_THROW(LinearPacking::convolution(dilated, {1, 8, 8}, {1, 1, 3, 3}, 256), UsageError);
  EXPECT_THROW(LinearPacking::convolution({}, {1, 40, 40}, {1, 1, 17, 17}, 256), UsageError);
  EXPECT_THROW(LinearPacking::convolution({}, {2, 8, 8}, {1, 3, 3, 3}, 256), UsageError);
}

}  // namespace
}  // namespace tacit::he
