// The numbers in the report page's tables: how they add up over scopes and parties, and who was told what.
#include <gtest/gtest.h>

#include <regex>

#include "tacit/job/html.h"
#include "tacit/job/testing/sample_report.h"

namespace tacit {
namespace {

using testing::sample_cost;
using testing::sample_report;

/// The numbers in the row of a table that begins with a name.
std::vector<std::string> row_of(const std::string& page, std::string_view caption, const std::string& name) {
  const std::size_t table = page.find("<caption>" + std::string(caption)),
                    begin = page.find("row\">" + name + "</th>", table), end = page.find("</tr>", begin);
  std::vector<std::string> cells;
  if (begin == std::string::npos) return cells;
  const std::string row = page.substr(begin, end - begin);
  static const std::regex cell("<td[^>]*>(?:<span class=\"barred\"><svg.*?</svg><span>)?([^<]*)");
  for (std::sregex_iterator it(row.begin(), row.end(), cell), last; it != last; ++it)
    cells.push_back((*it)[1]);
  return cells;
}

TEST(HtmlTables, BytesAddUpOverPartiesWhileRoundsPassOnce) {
  const std::string page = html_of(sample_report());
  using Cells = std::vector<std::string>;
  // 3 x 398 MB of 3 x 412.3 MB, in the column's one unit.
  EXPECT_EQ(row_of(page, "By phase", "train"), (Cells{"1.19", "60,900", "71.30"}));
  EXPECT_EQ(row_of(page, "By phase", "backward"), (Cells{"0.77", "36,000", "44.10"}));
  EXPECT_EQ(row_of(page, "By phase", "whole run"), (Cells{"1.24", "61,234", "75.10"}));
  EXPECT_EQ(row_of(page, "By phase", "the rest"), (Cells{"&lt;&#8239;0.01", "111", "0.60"}));
  // A layer is what it cost in all passes: 3 x (90 + 190 + 5) MB and 9,200 + 1,840 + 20 rounds.
  EXPECT_EQ(row_of(page, "By layer", "relu1"), (Cells{"270.0", "570.0", "15.0", "855.0", "11,060", "31.50"}));
}

TEST(HtmlTables, ScopesWithoutAParentsEntryAreAddedUp) {
  RunReport r = sample_report();
  r.parties.resize(1);
  r.parties[0].scopes = {{"train/forward/a", sample_cost(2000, 1, 1)},
                         {"train/forward/b", sample_cost(3000, 2, 1)}};
  const std::string page = html_of(r);
  r.parties[0].total = sample_cost(10'000, 10, 10);
  EXPECT_EQ(row_of(html_of(r), "By phase", "train"), (std::vector<std::string>{"5.00", "3", "2.00"}));
  EXPECT_EQ(row_of(html_of(r), "By phase", "forward"), (std::vector<std::string>{"5.00", "3", "2.00"}));
}

TEST(HtmlTables, LayersMayHaveSlashesInTheirNames) {
  RunReport r = sample_report();
  r.parties[0].scopes["train/forward//block/conv/Conv"] = sample_cost(4'000'000, 1, 1);
  EXPECT_EQ(row_of(html_of(r), "By layer", "/block/conv/Conv").at(0), "4.0");
}

TEST(HtmlTables, SaysWhoWasToldNothing) {
  RunReport r = sample_report();
  r.disclosures = {{"model", {"north"}, "to use it", 64, 1}};
  const std::string page = html_of(r);
  EXPECT_EQ(row_of(page, "Who learned what", "beta"), (std::vector<std::string>{"compute party", "nothing"}));
  EXPECT_EQ(row_of(page, "Who learned what", "north"), (std::vector<std::string>{"owner", "model"}));
}

}  // namespace
}  // namespace tacit
