// The code against all that colluders may do with words, and its bound against what innocents really score.
#include "tacit/trace/code.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "tacit/base/error.h"
#include "tacit/data/testing/files.h"

namespace tacit::trace {
namespace {

using tacit::testing::ScratchFolder;
using tacit::testing::usage_error;

Bytes key(unsigned number) {
  Bytes out(32);
  std::memcpy(out.data(), &number, sizeof number);
  return out;
}
Bytes customer(unsigned number) {
  Bytes out(16);
  std::memcpy(out.data(), &number, sizeof number);
  return out;
}
/// 1 and -1.
std::vector<double> as_symbols(const CodeWord& word) {
  std::vector<double> out;
  for (const auto bit : word) out.push_back(bit != 0 ? 1 : -1);
  return out;
}

TEST(Code, LengthsFollowTheFormula) {
  // pi^2 c^2 ln(10^4 / 10^-6)
  EXPECT_EQ(code_length(2), 910u);
  EXPECT_EQ(code_length(4), 3637u);
  EXPECT_EQ(carriers_needed(2), 16u * 910u);
  EXPECT_EQ(colluders_for(carriers_needed(2), "m"), 2u);
  EXPECT_EQ(colluders_for(carriers_needed(5) - 1, "m"), 4u);
  EXPECT_EQ(colluders_for(std::size_t{1} << 40, "m"), kMostColluders);
  const ScratchFolder folder;
  EXPECT_NE(usage_error(folder, [] { colluders_for(14559, "m"); }).find("m has 14559 weights"),
            std::string::npos);
  EXPECT_NE(usage_error(folder, [] { Code(key(1), 1); }), "(no error)");
  EXPECT_NE(usage_error(folder, [] { Code(key(1), 9); }), "(no error)");
}

TEST(Code, FollowsFromItsKeyAndTheCustomer) {
  const Code a(key(1), 2), again(key(1), 2), b(key(2), 2);
  EXPECT_EQ(a.word(customer(1)), again.word(customer(1)));
  EXPECT_NE(a.word(customer(1)), a.word(customer(2)));
  EXPECT_NE(a.word(customer(1)), b.word(customer(1)));
  EXPECT_TRUE(std::equal(a.bias().begin(), a.bias().end(), again.bias().begin()));
  EXPECT_FALSE(std::equal(a.bias().begin(), a.bias().end(), b.bias().begin()));
  EXPECT_EQ(a.carriers(0, 100).position, again.carriers(0, 100).position);
  EXPECT_NE(a.carriers(0, 100).position, a.carriers(1, 100).position);
  EXPECT_NE(a.carriers(0, 100).sign, b.carriers(0, 100).sign);
}

TEST(Code, BiasesAreOfTheArcsineDistribution) {
  const Code code(key(3), kMostColluders);
  const double cutoff = 1.0 / (300 * kMostColluders);
  double mean = 0;
  std::size_t low = 0;
  for (const double p : code.bias()) {
    ASSERT_GE(p, cutoff * (1 - 1e-9));
    ASSERT_LE(p, 1 - cutoff * (1 - 1e-9));
    mean += p / static_cast<double>(code.length());
    low += p < 0.25 ? 1 : 0;  // a third of it: arcsin(1/2) = pi/6
  }
  EXPECT_NEAR(mean, 0.5, 0.015);
  EXPECT_NEAR(static_cast<double>(low) / static_cast<double>(code.length()), 1.0 / 3, 0.02);
}

TEST(Code, CarriersAreSpreadEvenly) {
  const Code code(key(4), 2);
  const Carriers c = code.carriers(0, 100 * code.length());
  std::vector<int> count(code.length());
  long sum = 0;
  for (std::size_t i = 0; i < c.position.size(); ++i) {
    ASSERT_LT(c.position[i], code.length());
    ASSERT_EQ(std::abs(c.sign[i]), 1);
    ++count[c.position[i]];
    sum += c.sign[i];
  }
  const auto [least, most] = std::minmax_element(count.begin(), count.end());
  EXPECT_GT(*least, 50);
  EXPECT_LT(*most, 150);
  EXPECT_LT(std::abs(sum), 5 * static_cast<long>(std::sqrt(static_cast<double>(c.sign.size()))));
}

TEST(Accusations, AnInnocentsScoreIsStandard) {
  double sum = 0, squares = 0;
  std::size_t count = 0;
  for (unsigned k = 0; k < 40; ++k) {
    const Code code(key(100 + k), 2);
    const Accusation found(code, as_symbols(code.word(customer(0))));
    for (unsigned i = 1; i <= 50; ++i, ++count) {
      const double s = found.score(code.word(customer(i)));
      sum += s, squares += s * s;
    }
  }
  const double n = static_cast<double>(count);
  EXPECT_NEAR(sum / n, 0, 0.1);
  EXPECT_NEAR(squares / n, 1, 0.15);
}

/// At probabilities that can be counted: innocents reach a score no more often than the bound says, and the
/// bound is no empty one.
TEST(Accusations, FalseOnesStayBelowTheBound) {
  std::map<double, std::size_t> reached;
  constexpr unsigned kKeys = 40, kInnocents = 500;
  for (unsigned k = 0; k < kKeys; ++k) {
    const Code code(key(200 + k), 2);
    const Accusation found(code, as_symbols(code.word(customer(0))));
    for (const double p : {0.3, 0.1, 0.03, 0.01}) {
      const double threshold = found.threshold(std::log(p));
      EXPECT_NEAR(found.log_bound(threshold), std::log(p), 1e-3);
      EXPECT_LT(threshold, 1.3 * std::sqrt(-2 * std::log(p)));  // of a normal number: the root alone
      for (unsigned i = 1; i <= kInnocents; ++i)
        reached[p] += found.score(code.word(customer(i))) >= threshold ? 1 : 0;
    }
  }
  for (const auto& [p, count] : reached) {
    EXPECT_LE(static_cast<double>(count), p * kKeys * kInnocents) << p;
    EXPECT_GE(static_cast<double>(count), p * kKeys * kInnocents / 30) << p;
  }
}

TEST(Accusations, WhereNothingWasFoundNobodyIsAccused) {
  const Code code(key(5), 2);
  const Accusation found(code, std::vector<double>(code.length()));
  EXPECT_EQ(found.score(code.word(customer(1))), 0);
  EXPECT_TRUE(std::isinf(found.threshold(std::log(1e-6))));
  EXPECT_EQ(found.log_bound(0), 0);
}

// ---- colluders

/// What one position of a mixture says, of the bits that the colluders have there.
using Mixing = double (*)(unsigned ones, unsigned all, std::mt19937& source);

double average(unsigned ones, unsigned all, std::mt19937&) { return 2.0 * ones / all - 1; }
double majority(unsigned ones, unsigned all, std::mt19937& source) {
  if (2 * ones == all) return (source() & 1) != 0 ? 1 : -1;
  return 2 * ones > all ? 1 : -1;
}
double minority(unsigned ones, unsigned all, std::mt19937& source) {
  if (ones == 0 || ones == all) return ones == 0 ? -1 : 1;
  return -majority(ones, all, source);
}
double one_if_any(unsigned ones, unsigned, std::mt19937&) { return ones > 0 ? 1 : -1; }
double one_if_all(unsigned ones, unsigned all, std::mt19937&) { return ones == all ? 1 : -1; }
double anyones(unsigned ones, unsigned all, std::mt19937& source) { return source() % all < ones ? 1 : -1; }
double erased(unsigned ones, unsigned all, std::mt19937&) { return ones == all ? 1 : ones == 0 ? -1 : 0; }

/// Every strategy, every size up to the code's, many keys: one colluder at least is named, no innocent ever.
TEST(Accusations, NameColludersAndNobodyElse) {
  constexpr unsigned kCustomers = 100;
  const Mixing all[] = {average, majority, minority, one_if_any, one_if_all, anyones, erased};
  for (unsigned k = 0; k < 12; ++k) {
    const unsigned size = 1 + k % 4;
    const Code code(key(300 + k), std::max(size, kFewestColluders));
    std::vector<CodeWord> words;
    for (unsigned i = 0; i < kCustomers; ++i) words.push_back(code.word(customer(i)));
    std::mt19937 source(k);
    for (std::size_t m = 0; m < std::size(all); ++m) {
      std::vector<double> symbols;
      for (std::size_t j = 0; j < code.length(); ++j) {
        unsigned ones = 0;
        for (unsigned i = 0; i < size; ++i) ones += words[i][j];
        symbols.push_back(all[m](ones, size, source));
      }
      const Accusation found(code, symbols);
      const double threshold = found.threshold(std::log(kFalseAccusation / kCustomers));
      unsigned named = 0;
      for (unsigned i = 0; i < kCustomers; ++i) {
        const bool accused = found.score(words[i]) >= threshold;
        EXPECT_FALSE(accused && i >= size) << "innocent " << i << ", strategy " << m << ", key " << k;
        named += accused ? 1 : 0;
      }
      EXPECT_GE(named, 1u) << size << " colluders, strategy " << m << ", key " << k;
    }
  }
}

}  // namespace
}  // namespace tacit::trace
