// Moments, read and shown.
#include "tacit/sealed/time.h"

#include <gtest/gtest.h>

#include "tacit/data/testing/files.h"

namespace tacit::sealed {
namespace {

using tacit::testing::ScratchFolder;
using tacit::testing::usage_error;

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

}  // namespace
}  // namespace tacit::sealed
