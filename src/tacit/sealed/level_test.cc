// Of the levels two are there, and nothing pretends otherwise.
#include "tacit/sealed/level.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tacit/data/testing/files.h"

namespace tacit::sealed {
namespace {

using tacit::testing::ScratchFolder;
using tacit::testing::usage_error;

TEST(Levels, TwoAreThere) {
  const ScratchFolder folder;
  for (const unsigned level : {1u, 2u}) {
    EXPECT_TRUE(words_of(level).there);
    EXPECT_FALSE(words_of(level).does_not_stop.empty());
  }
  for (const unsigned level : {3u, 4u}) {
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
  const auto guarded = not_stopped(words_of(2), {false, true});
  const auto at = [&](std::string_view words) {
    return std::any_of(guarded.begin(), guarded.end(), [&](auto line) { return line.find(words) != line.npos; });
  };
  EXPECT_EQ(guarded.size(), words_of(2).does_not_stop.size());
  EXPECT_TRUE(at("with the machine's TPM") && at("the rest of a lease") && at("debugger"));
  EXPECT_FALSE(at("copy of its key folder") || at("stands still"));
}

}  // namespace
}  // namespace tacit::sealed
