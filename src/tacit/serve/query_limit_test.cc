// So many questions an hour, whoever restarts, and whatever the clock does.
#include "tacit/serve/query_limit.h"

#include <gtest/gtest.h>

#include "tacit/data/testing/files.h"

namespace tacit {
namespace {

constexpr std::int64_t kOneSecond = 1'000'000, kThen = 1'800'000'000 * kOneSecond;

class Limits : public ::testing::Test {
 protected:
  bool granted(std::uint64_t questions, std::int64_t at, const std::string& who = "anna") {
    return QueryLimit(folder.path("limits"), 60).take(who, questions, at).granted;  // a restart each time
  }
  testing::ScratchFolder folder;
};

TEST_F(Limits, ABucketRunsFullAgainWithinAnHour) {
  QueryLimit limit(folder.path("limits"), 60);
  QueryLimit::Taken t = limit.take("anna", 50, kThen);
  EXPECT_TRUE(t.granted);
  EXPECT_EQ(t.left, 10u);
  t = limit.take("anna", 11, kThen);
  EXPECT_FALSE(t.granted);
  EXPECT_EQ(t.left, 10u);
  EXPECT_EQ(t.wait_seconds, 60u);
  EXPECT_FALSE(limit.take("anna", 11, kThen + 59 * kOneSecond).granted);
  EXPECT_TRUE(limit.take("anna", 11, kThen + 60 * kOneSecond).granted);
  EXPECT_EQ(limit.take("anna", 1, kThen + 60 * kOneSecond).wait_seconds, 60u);
  // Not more than one bucket, however long nobody asks.
  EXPECT_TRUE(limit.take("anna", 60, kThen + 100 * 3600 * kOneSecond).granted);
  EXPECT_FALSE(limit.take("anna", 1, kThen + 100 * 3600 * kOneSecond).granted);
  t = limit.take("anna", 61, kThen + 1000 * 3600 * kOneSecond);
  EXPECT_FALSE(t.granted);
  EXPECT_EQ(t.wait_seconds, 0u);
}

TEST_F(Limits, ARestartFillsNothing) {
  EXPECT_TRUE(granted(60, kThen));
  EXPECT_FALSE(granted(1, kThen));
  EXPECT_FALSE(granted(1, kThen + 59 * kOneSecond));
  EXPECT_TRUE(granted(1, kThen + 60 * kOneSecond));
}

TEST_F(Limits, OneProcessHandsThemOut) {
  const QueryLimit one(folder.path("limits"), 60);
  EXPECT_NE(testing::usage_error(folder, [&] { QueryLimit(folder.path("limits"), 60); }), "(no error)");
}

TEST_F(Limits, EachHasItsOwn) {
  EXPECT_TRUE(granted(60, kThen));
  EXPECT_TRUE(granted(60, kThen, "berta"));
  EXPECT_FALSE(granted(1, kThen));
}

TEST_F(Limits, AClockThatIsSetBackFillsNothing) {
  EXPECT_TRUE(granted(60, kThen));
  EXPECT_FALSE(granted(1, kThen - 86400 * kOneSecond));
  // And does not shut anybody out for longer than a bucket takes.
  EXPECT_TRUE(granted(60, kThen - 86400 * kOneSecond + 3600 * kOneSecond));
}

TEST_F(Limits, WhatCannotBeReadIsEmpty) {
  EXPECT_TRUE(granted(1, kThen));
  const auto after = [&](const char* content, std::filesystem::perms others = {}) {
    using std::filesystem::perms;
    std::filesystem::permissions(folder.write("limits/anna.limit", content),
                                 perms::owner_read | perms::owner_write | others);
    return granted(1, kThen);
  };
  EXPECT_TRUE(after("1800000000000000\n"));
  EXPECT_FALSE(after("1800000000000000\n", std::filesystem::perms::others_write));  // who knows who wrote it
  for (const char* content :
       {"", "x\n", "12", "12\n\n", "99999999999999999999\n", "-", "123456789012345678901234\n"})
    EXPECT_FALSE(after(content)) << content;
  EXPECT_TRUE(granted(60, kThen + 3600 * kOneSecond));  // and runs full again
}

TEST_F(Limits, WhatCannotBeWrittenIsNotGranted) {
  EXPECT_THROW(QueryLimit("/proc/nothing/limits", 60), IoError);
  QueryLimit limit(folder.path("limits"), 60);
  std::filesystem::remove_all(folder.path("limits"));
  EXPECT_THROW(limit.take("anna", 1, kThen), IoError);
}

}  // namespace
}  // namespace tacit
