#include "tacit/he/poly/sample.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <numeric>

#include "tacit/he/poly/flood.h"
#include "tacit/he/poly/kernels/sample_kernels.h"

namespace tacit::he {
namespace {

std::vector<Word> random_words(std::size_t n, Word seed) {
  std::vector<Word> out(n);
  Prg(Bytes(16), Isa::Portable).fill(seed, 0, out);
  return out;
}

/// Of counts and expected shares, summed from the bins that expect at least 5.
struct ChiSquare {
  double sum = 0;
  int bins = 0;
  void add(double count, double expected) {
    if (expected < 5) return;
    sum += (count - expected) * (count - expected) / expected;
    ++bins;
  }
  /// In standard deviations above what is due; the square has bins - 1 degrees of freedom.
  double excess() const { return (sum - (bins - 1)) / std::sqrt(2.0 * (bins - 1)); }
};

class SampleKernelsOf : public ::testing::TestWithParam<Isa> {};

TEST_P(SampleKernelsOf, DrawWhatTheDefinitionSays) {
  const SampleKernels& k = sample_kernels(GetParam());
  for (std::size_t n : {8, 64, 1000, 4096}) {
    const std::vector<Word> words = random_words(n, n);
    std::vector<std::int8_t> out(n);
    k.ternary(n, words.data(), out.data());
    for (std::size_t i = 0; i < n; ++i) {
      Word w = words[i / 8 + (i % 8 < 4 ? 0 : n / 8)];
      for (std::size_t digit = 0; digit < i % 4; ++digit) w *= 3;
      // In thirds of 2^63 away from 0: exactly, in wider numbers.
      const __int128_t three = 3 * static_cast<__int128_t>(static_cast<std::int64_t>(w)),
                       one = __int128_t{1} << 63;
      ASSERT_EQ(out[i], three > one ? 1 : three < -one ? -1 : 0) << i;
    }
    k.binomial(n, words.data(), out.data());
    for (std::size_t i = 0; i < n; ++i) {
      int ones = 0;
      for (std::size_t plane = 0; plane < 6; ++plane)
        ones += std::popcount(words[plane * (n / 8) + i / 8] >> (8 * (i % 8)) & (plane < 5 ? 0xff : 3));
      ASSERT_EQ(out[i], ones - 21) << i;
    }
  }
  std::vector<Word> x = random_words(100, 5);
  EXPECT_TRUE(k.all_below(100, 0xfff, 0x1000, x.data()));
  x[50] = 0xfff;
  EXPECT_TRUE(k.all_below(100, 0xfff, 0x1000, x.data()));
  EXPECT_FALSE(k.all_below(100, 0xfff, 0xfff, x.data()));
}
INSTANTIATE_TEST_SUITE_P(All, SampleKernelsOf, ::testing::ValuesIn(runnable_isas()),
                         [](const auto& p) { return std::string(to_string(p.param)); });

TEST(Sampling, ErrorsHaveTheBinomialDistributionWithItsTails) {
  Randomness random;
  Workspace workspace;
  std::vector<std::int8_t> e(8192);
  std::array<double, 43> counts{};
  constexpr int kRounds = 128;
  double sum = 0, squares = 0, neighbours = 0;
  for (int round = 0; round < kRounds; ++round) {
    sample_error(e, random, workspace);
    for (std::size_t i = 0; i < e.size(); ++i) {
      ASSERT_LE(std::abs(e[i]), kErrorBound);
      ++counts.at(static_cast<std::size_t>(e[i] + 21));
      sum += e[i], squares += e[i] * e[i], neighbours += e[i] * e[(i + 1) % e.size()];
    }
  }
  const double total = kRounds * 8192.0;
  EXPECT_LT(std::fabs(sum / total), 6 * 3.24 / std::sqrt(total));
  EXPECT_NEAR(squares / total, 10.5, 6 * 10.5 * std::sqrt(2 / total));
  EXPECT_LT(std::fabs(neighbours / total), 6 * 10.5 / std::sqrt(total));
  ChiSquare fit;
  double chance = std::exp2(-42), tail = 0;
  for (int k = 0; k <= 42; ++k, chance *= (42.0 - k + 1) / k) {
    fit.add(counts.at(static_cast<std::size_t>(k)), total * chance);
    if (std::abs(k - 21) > 13) tail += counts.at(static_cast<std::size_t>(k));
  }
  EXPECT_LT(std::fabs(fit.excess()), 8);
  EXPECT_GT(tail, 0);  // beyond 4 deviations: 2.5e-5 of a million
  EXPECT_LT(tail, 100);
}

TEST(Sampling, TernaryDigitsAreUniformAndTellNothingOfOneAnother) {
  Randomness random;
  Workspace workspace;
  std::vector<std::int8_t> s(8192);
  std::array<double, 81> four{};
  constexpr int kRounds = 64;
  for (int round = 0; round < kRounds; ++round) {
    sample_ternary(s, random, workspace);
    for (std::size_t i = 0; i < s.size(); i += 4)  // the digits of one word
      ++four.at(static_cast<std::size_t>((s[i] + 1) + 3 * (s[i + 1] + 1) + 9 * (s[i + 2] + 1) +
                                         27 * (s[i + 3] + 1)));
  }
  ChiSquare fit;
  for (double count : four) fit.add(count, kRounds * 2048 / 81.0);
  EXPECT_LT(std::fabs(fit.excess()), 8);
}

TEST(Sampling, UniformWordsAreThoseOfTheStreamThatAreBelowThePrime) {
  // A prime far below a power of two, so that many tries fail, and one just below.
  Word far = (Word{1} << 40) + 1;
  while (!is_prime(far)) far += 2048;
  const std::vector<Word> primes = {far, transform_primes(44, 1024, 1)[0]};
  const Ring ring(1024, primes);
  const Bytes seed(16, std::byte{7});
  Randomness random(seed);
  const Poly got = sample_uniform(ring, random);
  for (std::size_t limb = 0; limb < 2; ++limb) {
    std::vector<Word> stream(4096);
    Prg(seed, Isa::Portable).fill(limb, 0, stream);
    const Word mask = (Word{1} << ring.modulus(limb).bits()) - 1;
    std::erase_if(stream, [&](Word& x) { return (x &= mask) >= primes[limb]; });
    for (std::size_t i = 0; i < 1024; ++i)
      ASSERT_EQ(ring.part(got, limb)[i], stream.at(i)) << limb << " " << i;
  }
}

TEST(Flooding, IsUniformAndSoHidesWhatIsAddedToIt) {
  // Statistically: the distance of U and U + v is v/2^(b+1) a coefficient. Where v is a quarter of the width
  // the histograms differ; where it is 2^-20 of it, no test of this size tells.
  const Ring ring(1024, transform_primes(44, 1024, 2));
  Randomness random;
  Workspace workspace;
  constexpr unsigned kBits = 60;
  auto histogram = [&](double shift) {
    std::array<double, 16> bins{};
    std::vector<Word> low(1024), high(1024), scratch(1024);
    for (int round = 0; round < 64; ++round) {
      const Workspace::Scope scope(workspace);
      const FloodPoly f(ring, kBits, random, workspace);
      f.residues(0, low, scratch);
      f.residues(1, high, scratch);
      const Modulus &p = ring.modulus(0), &q = ring.modulus(1);
      for (std::size_t k = 0; k < 1024; ++k) {
        // The number from both residues, in (-pq/2, pq/2).
        const Word digit = q.mul(q.sub(high[k], q.reduce(low[k])), q.inverse(q.reduce(p.value())));
        const bool negative = digit > q.value() / 2;
        const double x = (negative ? -static_cast<double>(q.value() - digit) : static_cast<double>(digit)) *
                             static_cast<double>(p.value()) +
                         static_cast<double>(low[k]);
        EXPECT_GE(x, -std::exp2(kBits));
        EXPECT_LT(x, std::exp2(kBits));
        const double place = std::floor((x / std::exp2(kBits) + shift + 1) * 8);
        ++bins.at(static_cast<std::size_t>(std::clamp(place, 0.0, 15.0)));
      }
    }
    ChiSquare fit;
    for (double count : bins) fit.add(count, 64 * 1024 / 16.0);
    return fit.excess();
  };
  EXPECT_LT(std::fabs(histogram(0)), 8);
  EXPECT_LT(std::fabs(histogram(0x1p-20)), 8);
  EXPECT_GT(histogram(0.25), 100);
}

TEST(Workspaces, GiveZerosAndTakeBackWhatAScopeTook) {
  Workspace workspace;
  const Word* first = nullptr;
  {
    const Workspace::Scope scope(workspace);
    const auto a = workspace.take<Word>(100);
    first = a.data();
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first) % 64, 0u);
    std::fill(a.begin(), a.end(), 7);
    {
      const Workspace::Scope inner(workspace);
      const auto b = workspace.take<Word>(1 << 17);  // more than a block has
      std::fill(b.begin(), b.end(), 8);
      EXPECT_EQ(a[99], 7u);
    }
    const auto c = workspace.take<std::int8_t>(10);
    EXPECT_EQ(c[9], 0);
  }
  const Workspace::Scope scope(workspace);
  const auto again = workspace.take<Word>(100);
  EXPECT_EQ(again.data(), first);
  EXPECT_EQ(std::accumulate(again.begin(), again.end(), Word{0}), 0u);
  const auto large = workspace.take<Word>(1 << 17);
  EXPECT_EQ(std::accumulate(large.begin(), large.end(), Word{0}), 0u);
}

}  // namespace
}  // namespace tacit::he
