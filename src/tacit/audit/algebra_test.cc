// Functions of known numbers are found again, by no more questions than said.
#include "tacit/audit/algebra.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace tacit::audit {
namespace {

/// Numbers that nobody would guess, of about that size.
std::vector<double> some(std::size_t count, double size, double first) {
  std::vector<double> out;
  for (std::size_t i = 0; i < count; ++i)
    out.push_back(1.7 * size *
                  std::sin(first + 2.3 * static_cast<double>(i) * static_cast<double>(i % 7 + 1)));
  return out;
}

/// A function that counts what it is asked.
struct Counted {
  Counted(std::size_t inputs, std::size_t outputs, std::size_t hidden, bool rectified) {
    f.inputs = inputs, f.outputs = outputs, f.hidden = hidden, f.rectified = rectified;
    f.direct = some(outputs * inputs, 0.4, 1), f.bias = some(outputs, 0.3, 2);
    f.inner = some(hidden * inputs, 0.5, 3), f.shift = some(hidden, 0.3, 4),
    f.outer = some(outputs * hidden, 0.5, 5);
  }
  Points points() {
    return [this](std::size_t rows, std::vector<double> x) {
      queries += rows;
      return f.run(rows, x);
    };
  }
  double off(const Recovered& found) const {
    const std::vector<double> x = some(50 * f.inputs, 1, 6);
    const std::vector<double> a = f.run(50, x), b = found.run(50, x);
    double most = 0;
    for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::fabs(a[i] - b[i]));
    return most;
  }
  Recovered f;
  std::uint64_t queries = 0;
};

TEST(Algebra, Run) {
  const Recovered f{2, 1, 1, false, {1, 2}, {0.5}, {1, -1}, {0}, {10}, 0};
  EXPECT_EQ(f.run(2, {3, 1, 1, 3}), (std::vector<double>{3 + 2 + 0.5 + 20, 1 + 6 + 0.5}));
  const Recovered r{1, 2, 0, true, {1, -1}, {0, 0}, {}, {}, {}, 0};
  EXPECT_EQ(r.run(1, {2}), (std::vector<double>{2, 0}));
}

TEST(Algebra, AffineByOneQuestionMoreThanInputs) {
  Counted c(300, 4, 0, false);  // more than are asked at once
  const Recovered found = recover_affine(c.points(), 300, 4);
  EXPECT_EQ(c.queries, 301u);
  EXPECT_EQ(found.queries, 301u);
  EXPECT_LT(c.off(found), 1e-9);
}

TEST(Algebra, RectifiedByAFewGradients) {
  Counted c(10, 20, 0, true);
  c.f.direct[0] = -1e-9, c.f.bias[0] = -1e6;  // nearly always 0
  std::fill(c.f.direct.begin() + 1, c.f.direct.begin() + 10, 0.0);
  const Recovered found = recover_rectified(c.points(), 10, 20);
  EXPECT_EQ(found.queries, c.queries);
  EXPECT_LT(c.queries, 48u * 11);
  EXPECT_LT(c.off(found), 1e-6);
}

TEST(Algebra, OneHiddenLayerByItsBends) {
  for (const std::size_t hidden : {1u, 5u, 12u}) {
    Counted c(7, 3, hidden, false);
    const auto found = recover_one_hidden(c.points(), 7, 3, 100, 100000);
    ASSERT_TRUE(found) << hidden;
    EXPECT_EQ(found->hidden, hidden);
    EXPECT_EQ(found->queries, c.queries);
    EXPECT_LT(c.off(*found), 1e-5) << hidden;
  }
  // A rectified layer is one, too.
  Counted r(4, 6, 0, true);
  const auto found = recover_one_hidden(r.points(), 4, 6, 100, 100000);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->hidden, 6u);
  EXPECT_LT(r.off(*found), 1e-5);
}

TEST(Algebra, NoMoreThanAllowed) {
  Counted c(7, 3, 12, false);
  EXPECT_FALSE(recover_one_hidden(c.points(), 7, 3, 11, 100000));
  EXPECT_FALSE(recover_one_hidden(c.points(), 7, 3, 100, 60));
}

}  // namespace
}  // namespace tacit::audit
