// The report's page: what it must say, that it stands alone, that no text of a report becomes markup, and
// that everything that may be missing may be.
#include "tacit/job/html.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <regex>

namespace tacit {
namespace {

Cost cost(std::uint64_t bytes, std::uint64_t rounds, double seconds) {
  return {bytes, bytes / 100, rounds * 2, rounds, seconds};
}

RunReport sample() {
  RunReport r;
  r.job = "digits";
  r.job_hash = std::string(64, 'a');
  r.protocol = "aby3";
  r.threat = "one of three parties, semi-honest";
  r.profile = "lan";
  r.mode = "3 processes over TLS";
  r.machine = "a processor";
  r.train_rows = 1438;
  r.test_rows = 359;
  r.steps = 920;
  r.epochs = 40;
  r.parameters = 17226;
  r.seconds = 75.4;
  r.metric = "accuracy";
  r.private_metric = 346.0 / 359;
  r.clear_metric = 347.0 / 359;
  r.clear_note = "the same training in double precision";
  for (std::size_t i = 0; i < 40; ++i) {
    const double loss = 2.3 / (1 + 0.4 * static_cast<double>(i));
    r.loss.push_back({i * 23 + 22, loss + 0.01});
    r.clear_loss.push_back({i * 23 + 22, loss});
  }
  for (const char* name : {"alpha", "beta", "gamma"}) {
    PartyStats p;
    p.name = name;
    p.total = cost(412'300'000, 61'234, 75.1);
    p.memory_bytes = 181'000'000;
    p.scopes = {{"sharing", cost(96, 1, 1.2)},
                {"train", cost(398'000'000, 60'900, 71.3)},
                {"train/forward", cost(140'000'000, 24'000, 25.0)},
                {"train/forward/conv1", cost(40'000'000, 920, 9.1)},
                {"train/forward/relu1", cost(90'000'000, 9'200, 12.2)},
                {"train/forward/dense1", cost(2'000'000, 920, 2.1)},
                {"train/forward/loss", cost(8'000'000, 12'960, 1.6)},
                {"train/backward", cost(257'000'000, 36'000, 44.1)},
                {"train/backward/conv1", cost(60'000'000, 1'840, 21.5)},
                {"train/backward/relu1", cost(190'000'000, 1'840, 18.4)},
                {"train/backward/dense1", cost(7'000'000, 1'840, 4.2)},
                {"train/update", cost(1'000'000, 900, 2.2)},
                {"measure", cost(9'000'000, 210, 1.9)},
                {"measure/conv1", cost(3'000'000, 2, 0.8)},
                {"measure/relu1", cost(5'000'000, 20, 0.9)},
                {"release", cost(5'000'000, 12, 0.1)}};
    r.parties.push_back(p);
  }
  r.disclosures = {
      {"loss", {"alpha", "beta", "gamma", "north", "south"}, "to see the training converge", 2560, 40},
      {"metric", {"alpha", "beta", "gamma", "north", "south"}, "to know how good the model is", 64, 1},
      {"model", {"north"}, "north uses the model; no compute party sees it", 1'102'464, 1}};
  r.security = {{"withstands", "one of three parties, semi-honest"},
                {"computational_bits", "128"},
                {"statistical_bits", "40"},
                {"links", "TLS 1.3"}};
  r.agreement = {359, 358, 2, 0.0123, 0.00041};
  return r;
}

bool has(const std::string& page, std::string_view text) { return page.find(text) != std::string::npos; }

std::size_t count(const std::string& page, std::string_view text) {
  std::size_t n = 0;
  for (std::size_t at = 0; (at = page.find(text, at)) != std::string::npos; at += text.size()) ++n;
  return n;
}

/// Every element that is opened is closed, in order; returns the first that is not.
std::string first_unbalanced(const std::string& page) {
  static const std::regex tag("<(/?)([a-z][a-z0-9]*)((?:\\s+[A-Za-z0-9-]+(?:=\"[^\"<>]*\")?)*)\\s*(/?)>");
  static const std::vector<std::string> empty_ones = {"meta"};
  std::vector<std::string> open;
  std::size_t angles = 0;
  for (std::sregex_iterator it(page.begin(), page.end(), tag), end; it != end; ++it) {
    const std::string name = (*it)[2];
    ++angles;
    if ((*it)[4] == "/" || std::find(empty_ones.begin(), empty_ones.end(), name) != empty_ones.end())
      continue;
    if ((*it)[1] != "/") {
      open.push_back(name);
    } else if (open.empty() || open.back() != name) {
      return "/" + name + " after " + (open.empty() ? "nothing" : open.back());
    } else {
      open.pop_back();
    }
  }
  if (!open.empty()) return open.back();
  // No angle that the pattern did not take for a tag; the doctype is the one exception.
  if (angles + 1 != count(page, "<")) return "a stray <";
  return "";
}

TEST(Html, SaysWhatTheReportHolds) {
  const std::string page = html_of(sample());
  for (const char* text : {"<h1>digits</h1>",
                           "96.4 %",
                           "96.7 %",
                           "a difference of 1 row",
                           "1 min 15 s",
                           "412.3 MB",
                           "1.24 GB",
                           "61,234",
                           "conv1",
                           "relu1",
                           "dense1",
                           "alpha",
                           "beta",
                           "gamma",
                           "north",
                           "to see the training converge",
                           "1,102,464",
                           "Nothing else was revealed",
                           "computational bits",
                           "0.0123",
                           "0.00041",
                           "3 processes over TLS",
                           "a processor",
                           "aaaaaaaaaaaaaaaa",
                           "17,226",
                           "In the clear: from 2.3 to"})
    EXPECT_TRUE(has(page, text)) << text;
}

TEST(Html, IsWellFormedAndStandsAlone) {
  for (const RunReport& r : {sample(), RunReport()}) {
    const std::string page = html_of(r);
    EXPECT_EQ(first_unbalanced(page), "");
    EXPECT_FALSE(has(page, "<script"));
    EXPECT_FALSE(has(page, "://"));
    for (const char* text : {"url(", "@import", "src=", "href="}) EXPECT_FALSE(has(page, text)) << text;
    EXPECT_TRUE(has(page, "default-src 'none'"));
    EXPECT_TRUE(has(page, "prefers-color-scheme: dark"));
    EXPECT_TRUE(has(page, "@media print"));
    EXPECT_EQ(count(page, "<h1>"), 1u);
    // Every table says what it is and every column has a heading.
    EXPECT_EQ(count(page, "<table>"), count(page, "<caption>"));
    EXPECT_EQ(count(page, "<table>"), count(page, "<thead>"));
  }
}

TEST(Html, StampsStandFirst) {
  RunReport r = sample();
  EXPECT_FALSE(has(html_of(r), "class=\"stamps\""));
  r.stamps = {"simulation", "links slowed to wan"};
  const std::string page = html_of(r);
  EXPECT_LT(page.find("<strong>simulation</strong>"), page.find("class=\"verdict\""));
  EXPECT_TRUE(has(page, "<strong>links slowed to wan</strong>"));
}

TEST(Html, TextsNeverBecomeMarkup) {
  const std::string evil = "</title><script>alert('x')</script>\" onload=\"y\" & <b>\x01";
  const std::string tame =
      "&lt;/title&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot; onload=&quot;y&quot; &amp; "
      "&lt;b&gt;\xEF\xBF\xBD";
  RunReport plain = sample(), r = sample();
  r.job = r.job_hash = r.protocol = r.threat = r.profile = r.mode = r.machine = r.clear_note = r.metric =
      evil;
  r.stamps = {evil};
  r.parties[0].name = evil;
  r.parties[0].scopes[evil] = cost(1, 1, 1);
  r.parties[0].scopes["train/" + evil + "/" + evil] = cost(1, 1, 1);
  r.disclosures.push_back({evil, {evil}, evil, 1, 1});
  r.security = {{evil, evil}};
  const std::string page = html_of(r);
  EXPECT_FALSE(has(page, "<script"));
  EXPECT_FALSE(has(page, "\" onload"));
  EXPECT_FALSE(has(page, "<b>\x01"));
  EXPECT_EQ(first_unbalanced(page), "");
  EXPECT_GE(count(page, tame), 16u);
}

TEST(Html, EverythingMayBeMissing) {
  RunReport r = sample();
  const std::string whole = html_of(r);
  r.clear_metric.reset();
  r.clear_loss.clear();
  std::string page = html_of(r);
  EXPECT_TRUE(has(page, "there is no run in the clear"));
  EXPECT_TRUE(has(page, "<polyline class=\"private\""));
  EXPECT_FALSE(has(page, "<polyline class=\"clear\""));
  r.loss.clear();
  r.agreement.reset();
  page = html_of(r);
  EXPECT_FALSE(has(page, "<svg class=\"plot\""));
  EXPECT_FALSE(has(page, "The exported model"));
  EXPECT_TRUE(has(whole, "The exported model"));
  r.private_metric.reset();
  r.parties.resize(1);
  r.parties[0].scopes.clear();
  r.disclosures.clear();
  page = html_of(r);
  EXPECT_TRUE(has(page, "was not measured, or not revealed"));
  EXPECT_TRUE(has(page, "Nothing was revealed."));
  EXPECT_FALSE(has(page, "Where traffic"));
  r.parties.clear();
  r.security.clear();
  page = html_of(r);
  EXPECT_FALSE(has(page, "The parties</h2>"));
  EXPECT_EQ(first_unbalanced(page), "");
}

TEST(Html, OtherMetricsAreNumbers) {
  RunReport r = sample();
  r.metric = "mse";
  r.private_metric = 0.012356;
  r.clear_metric = 0.0123;
  const std::string page = html_of(r);
  EXPECT_TRUE(
      has(page, "Mean squared error of the privately trained model on 359 test rows: <b>0.01236</b>"));
  EXPECT_FALSE(has(page, "0.01 %"));
}

TEST(Html, LossesThatDivergedAreSaidNotDrawn) {
  RunReport r = sample();
  r.loss[39].loss = std::numeric_limits<double>::quiet_NaN();
  r.loss[38].loss = std::numeric_limits<double>::infinity();
  const std::string page = html_of(r);
  EXPECT_TRUE(has(page, "not finite numbers"));
  EXPECT_FALSE(std::regex_search(page, std::regex("points=\"[^\"]*(nan|inf)")));
  r.loss.resize(1);
  r.clear_loss.clear();
  EXPECT_TRUE(has(html_of(r), "<circle class=\"dot private\""));
}

TEST(Html, AxesHoldForAnyLosses) {
  for (const std::pair<double, double>& ends : {std::pair(0.0, 0.0),
                                                {1e300, -1e300},
                                                {-3.0, -3.0},
                                                {5.0, 5.0 + 1e-13},
                                                {1e-300, 2e-300},
                                                {1000.0, 1001.0}}) {
    RunReport r = sample();
    r.loss = {{0, ends.first}, {7, ends.second}};
    r.clear_loss.clear();
    const std::string page = html_of(r);
    EXPECT_EQ(first_unbalanced(page), "");
    EXPECT_FALSE(std::regex_search(page, std::regex("[\", ]-?(nan|inf)[\", ]")))
        << ends.first << " " << ends.second;
    const std::size_t lines = count(page, "<line class=\"grid\"");
    EXPECT_TRUE(lines >= 2 && lines <= 12) << lines << " for " << ends.first << " " << ends.second;
  }
}

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

TEST(Html, BytesAddUpOverPartiesWhileRoundsPassOnce) {
  const std::string page = html_of(sample());
  using Cells = std::vector<std::string>;
  // 3 x 398 MB of 3 x 412.3 MB, in the column's one unit.
  EXPECT_EQ(row_of(page, "By phase", "train"), (Cells{"1.19", "60,900", "71.30"}));
  EXPECT_EQ(row_of(page, "By phase", "backward"), (Cells{"0.77", "36,000", "44.10"}));
  EXPECT_EQ(row_of(page, "By phase", "whole run"), (Cells{"1.24", "61,234", "75.10"}));
  EXPECT_EQ(row_of(page, "By phase", "the rest"), (Cells{"&lt;&#8239;0.01", "111", "0.60"}));
  // A layer is what it cost in all passes: 3 x (90 + 190 + 5) MB and 9,200 + 1,840 + 20 rounds.
  EXPECT_EQ(row_of(page, "By layer", "relu1"), (Cells{"270.0", "570.0", "15.0", "855.0", "11,060", "31.50"}));
}

TEST(Html, ScopesWithoutAParentsEntryAreAddedUp) {
  RunReport r = sample();
  r.parties.resize(1);
  r.parties[0].scopes = {{"train/forward/a", cost(2000, 1, 1)}, {"train/forward/b", cost(3000, 2, 1)}};
  const std::string page = html_of(r);
  r.parties[0].total = cost(10'000, 10, 10);
  EXPECT_EQ(row_of(html_of(r), "By phase", "train"), (std::vector<std::string>{"5.00", "3", "2.00"}));
  EXPECT_EQ(row_of(html_of(r), "By phase", "forward"), (std::vector<std::string>{"5.00", "3", "2.00"}));
}

TEST(Html, LayersMayHaveSlashesInTheirNames) {
  RunReport r = sample();
  r.parties[0].scopes["train/forward//block/conv/Conv"] = cost(4'000'000, 1, 1);
  EXPECT_EQ(row_of(html_of(r), "By layer", "/block/conv/Conv").at(0), "4.0");
}

TEST(Html, SaysWhoWasToldNothing) {
  RunReport r = sample();
  r.disclosures = {{"model", {"north"}, "to use it", 64, 1}};
  const std::string page = html_of(r);
  EXPECT_EQ(row_of(page, "Who learned what", "beta"), (std::vector<std::string>{"compute party", "nothing"}));
  EXPECT_EQ(row_of(page, "Who learned what", "north"), (std::vector<std::string>{"owner", "model"}));
}

TEST(Html, AModelOutsideItsBoundIsSaidToBe) {
  RunReport r = sample();
  EXPECT_FALSE(has(html_of(r), "class=\"bad\""));
  r.agreement = {359, 300, 2, 0.0123, 0.5};
  const std::string page = html_of(r);
  EXPECT_TRUE(has(page, "More differ than there are close calls"));
  EXPECT_TRUE(has(page, "by more than the declared bound"));
  r.agreement = {359, 300, 0, 0, 0.5};
  EXPECT_TRUE(has(html_of(r), "not bounded"));
}

}  // namespace
}  // namespace tacit
