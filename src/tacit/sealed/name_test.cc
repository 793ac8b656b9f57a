// Names that people read, and what is none.
#include "tacit/sealed/name.h"

#include <gtest/gtest.h>

#include "tacit/data/testing/files.h"

namespace tacit::sealed {
namespace {

using tacit::testing::ScratchFolder;
using tacit::testing::usage_error;

TEST(Names, ShowAsTheyAre) {
  for (const std::string good : {"ACME", "Müller & Söhne", "株式会社", "a b", "😀", "x"})
    EXPECT_TRUE(is_name(good)) << good;
  EXPECT_TRUE(is_name(std::string(80, 'a')));
  for (const std::string bad :
       {"", " a", "a ", "a\nb", "a\x7f", "a\tb", "\xc2\x85",
        "a\xe2\x80\xae"
        "b",
        "\xe2\x80\x8b", "\xef\xbb\xbf",
        // no UTF-8: a byte alone, a form too long, half a pair, beyond the last, cut short
        "\x80", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xe6\xa0", "\xff"})
    EXPECT_FALSE(is_name(bad)) << bad;
  EXPECT_FALSE(is_name(std::string(81, 'a')));
  EXPECT_FALSE(is_name(std::string("a\0b", 3)));
  const ScratchFolder folder;
  EXPECT_EQ(
      usage_error(folder, [] { check_name("a\nb", "name for a device"); }),
      "'a\\x0ab' is no name for a device: it needs 1 to 80 bytes of UTF-8, without control characters and "
      "blanks at its ends");
}

}  // namespace
}  // namespace tacit::sealed
