// Of the levels only the first is there, and nothing pretends otherwise.
#include "tacit/sealed/level.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tacit/data/testing/files.h"

namespace tacit::sealed {
namespace {

using tacit::testing::ScratchFolder;
using tacit::testing::usage_error;

TEST(Levels, OnlyTheFirstIsThere) {
  const ScratchFolder folder;
  EXPECT_TRUE(words_of(1).there);
  EXPECT_FALSE(words_of(1).does_not_stop.empty());
  for (const unsigned level : {2u, 3u, 4u}) {
    EXPECT_FALSE(words_of(level).there);
    EXPECT_NE(usage_error(folder, [&] { require_there(words_of(level), "asked is"); }).find("not there yet"),
              std::string::npos);
  }
  EXPECT_EQ(usage_error(folder, [] { require_there(words_of(1), "asked is"); }), "(no error)");
  EXPECT_NE(usage_error(folder, [] { words_of(0); }), "(no error)");
  EXPECT_NE(usage_error(folder, [] { words_of(5); }), "(no error)");
}

TEST(Levels, WhatTheyDoNotStopDependsOnTheKeys) {
  const LevelWords& first = words_of(1);
  const auto has = [&](const Bounds& bounds, std::string_view words) {
    for (const std::string_view line : not_stopped(first, bounds))
      if (line.find(words) != std::string_view::npos) return true;
    return false;
  };
  const auto software = not_stopped(first, {});
  EXPECT_TRUE(
      std::equal(software.begin(), software.end(), first.does_not_stop.begin(), first.does_not_stop.end()));
  EXPECT_TRUE(has({true, false}, "recipient's key folder"));
  EXPECT_FALSE(has({false, false}, "recipient's key folder"));
  EXPECT_TRUE(has({false, false}, "same day and boot"));
  EXPECT_TRUE(has({true, true}, "the rest of a lease"));
  EXPECT_FALSE(has({true, true}, "stands still"));
  EXPECT_TRUE(has({false, true}, "root"));
}

}  // namespace
}  // namespace tacit::sealed
