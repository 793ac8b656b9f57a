// Names that people read, moments, and the tree of digests.
#include "tacit/sealed/name.h"

#include <gtest/gtest.h>

#include "tacit/data/testing/files.h"
#include "tacit/sealed/level.h"
#include "tacit/sealed/merkle.h"
#include "tacit/sealed/time.h"

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

TEST(Moments, AreReadAndShown) {
  EXPECT_EQ(parse_date("1970-01-01"), 0);
  EXPECT_EQ(parse_date("2027-01-01"), 1798761600);
  EXPECT_EQ(parse_date("2028-02-29"), 1835395200);
  EXPECT_EQ(parse_date("9999-12-31") + 86399, kLastMoment);
  EXPECT_EQ(parse_date("never"), kNever);
  EXPECT_EQ(moment_text(1798761600), "2027-01-01 00:00:00 UTC");
  EXPECT_EQ(moment_text(1798761600 + 86399), "2027-01-01 23:59:59 UTC");
  EXPECT_EQ(moment_text(kLastMoment), "9999-12-31 23:59:59 UTC");
  EXPECT_EQ(moment_text(kNever), "never");
  const ScratchFolder folder;
  for (const char* bad : {"", "2027", "2027-1-1", "2027-02-29", "2027-13-01", "2027-00-01", "2027-01-32",
                          "27-01-01", "2027/01/01", "2027-01-01 ", "1969-12-31", "-027-01-01", "Never"})
    EXPECT_NE(usage_error(folder, [&] { parse_date(bad); }).find("write it as 2027-01-31"), std::string::npos)
        << bad;
}

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

/// MTH of RFC 6962, as it is defined.
Digest defined(std::span<const Digest> leaves) {
  if (leaves.size() == 1) return leaves[0];
  std::size_t k = 1;
  while (2 * k < leaves.size()) k *= 2;
  Bytes both{std::byte{1}};
  for (const Digest& d : {defined(leaves.first(k)), defined(leaves.subspan(k))}) append_bytes(both, d);
  return sha256(both);
}

TEST(Merkle, IsTheTreeOfTheRfc) {
  EXPECT_EQ(to_hex(leaf_digest({})), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  std::vector<Digest> leaves;
  std::vector<Digest> roots;
  for (std::size_t n = 1; n <= 70; ++n) {
    leaves.push_back(leaf_digest(bytes_of(std::to_string(n))));
    roots.push_back(merkle_root(leaves));
    EXPECT_EQ(roots.back(), defined(leaves)) << n;
    for (std::size_t i = 0; i + 1 < roots.size(); ++i) EXPECT_NE(roots[i], roots.back());
  }
  std::swap(leaves[3], leaves[40]);
  EXPECT_NE(merkle_root(leaves), roots.back());
}

}  // namespace
}  // namespace tacit::sealed
