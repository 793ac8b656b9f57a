// What the levels promise, and what not.
#include "tacit/sealed/level.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tacit/data/testing/files.h"

namespace tacit::sealed {
namespace {

using tacit::testing::ScratchFolder;
using tacit::testing::usage_error;

TEST(Levels, EachSaysWhatItDoesNotStop) {
  const ScratchFolder folder;
  for (const unsigned level : {1u, 2u, 3u, 4u}) {
    EXPECT_EQ(static_cast<unsigned>(words_of(level).level), level);
    EXPECT_FALSE(words_of(level).promise.empty());
    EXPECT_FALSE(words_of(level).does_not_stop.empty());
  }
  EXPECT_NE(usage_error(folder, [] { words_of(0); }), "(no error)");
  EXPECT_NE(usage_error(folder, [] { words_of(5); }), "(no error)");
}

class NotStopped : public ::testing::TestWithParam<unsigned> {
 protected:
  bool said(const Bounds& bounds, std::string_view words) const {
    const auto lines = not_stopped(words_of(GetParam()), bounds);
    return std::any_of(lines.begin(), lines.end(),
                       [&](std::string_view line) { return line.find(words) != line.npos; });
  }
};

TEST_P(NotStopped, DependsOnKeysAndLeases) {
  const LevelWords& level = words_of(GetParam());
  const auto software = not_stopped(level, {});
  EXPECT_TRUE(
      std::equal(software.begin(), software.end(), level.does_not_stop.begin(), level.does_not_stop.end()));
  for (const bool keys : {true, false})
    for (const bool leases : {true, false}) {
      const Bounds bounds{keys, leases};
      EXPECT_EQ(not_stopped(level, bounds).size(), level.does_not_stop.size());
      EXPECT_EQ(said(bounds, "on any machine"), keys);
      EXPECT_EQ(said(bounds, "TPM"), !keys);
      EXPECT_EQ(said(bounds, "without a trusted clock"), keys && !leases);
      EXPECT_EQ(said(bounds, "same day and boot"), !keys && !leases);
      EXPECT_EQ(said(bounds, "the rest of a lease"), leases);
      EXPECT_TRUE(said(bounds, "root"));
      EXPECT_TRUE(said(bounds, kByAsking));
      EXPECT_TRUE(said(bounds, "'tacit audit steal' measures how many"));
    }
}

TEST_P(NotStopped, IsThatOfItsLevel) {
  EXPECT_EQ(said({}, "whoever can act as the broker's user"), GetParam() == 2);
  EXPECT_EQ(said({false, false}, "whoever can act as the broker's user"), GetParam() == 2);
  EXPECT_EQ(said({}, "all copies are alike"), GetParam() == 1);
  EXPECT_EQ(said({}, "bears its fingerprint"), GetParam() == 4);
  EXPECT_EQ(said({}, "the vendor's server when it is out of reach"), GetParam() == 3);
}

TEST(Levels, ACopyAtABrokerIsOfTwoLevels) {
  const auto plain = not_stopped(words_of(2), {true, false, false});
  const auto marked = not_stopped(words_of(2), {true, false, true});
  ASSERT_EQ(marked.size(), plain.size() + 2);
  EXPECT_TRUE(std::equal(plain.begin(), plain.end(), marked.begin()));
  EXPECT_NE(marked.back().find("a dispute"), std::string_view::npos);
  EXPECT_EQ(not_stopped(words_of(4), {true, false, true}), not_stopped(words_of(4), {}));
}

INSTANTIATE_TEST_SUITE_P(All, NotStopped, ::testing::Values(1u, 2u, 3u, 4u));

}  // namespace
}  // namespace tacit::sealed
