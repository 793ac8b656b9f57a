// Of the levels two are there, and nothing pretends otherwise.
#include "tacit/sealed/level.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace tacit::sealed
