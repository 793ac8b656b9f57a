// The report's page: what it must say, that it stands alone, that no text of a report becomes markup, and
// that everything that may be missing may be.
#include "tacit/job/html.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <regex>

#include "tacit/job/testing/sample_report.h"

namespace tacit {
namespace {

using testing::full_report;
using testing::sample_cost;
using testing::sample_report;

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

TEST(Html, SaysFromWhereARunWasResumed) {
  RunReport r = sample_report();
  EXPECT_TRUE(has(html_of(r), "never"));
  r.resumed = {300};
  EXPECT_TRUE(has(html_of(r), "1 time, from step 300"));
  r.resumed = {300, 300, 1200};
  const std::string page = html_of(r);
  EXPECT_TRUE(has(page, "3 times, from steps 300, 300 and 1"));
  EXPECT_EQ(first_unbalanced(page), "");
}

TEST(Html, SaysWhatTheReportHolds) {
  const std::string page = html_of(sample_report());
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
  for (const RunReport& r : {sample_report(), full_report(), RunReport()}) {
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
    EXPECT_EQ(count(page, "<table "), count(page, "<caption>"));
    EXPECT_EQ(count(page, "<table "), count(page, "<thead "));
  }
}

TEST(Html, StampsStandFirst) {
  RunReport r = sample_report();
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
  RunReport plain = sample_report(), r = sample_report();
  r.job = r.job_hash = r.protocol = r.threat = r.profile = r.mode = r.machine = r.clear_note = r.metric =
      evil;
  r.stamps = {evil};
  r.parties[0].name = evil;
  r.parties[0].scopes[evil] = sample_cost(1, 1, 1);
  r.parties[0].scopes["train/" + evil + "/" + evil] = sample_cost(1, 1, 1);
  r.disclosures.push_back({evil, {evil}, evil, 1, 1});
  r.security = {{evil, evil}};
  r.settings = {{evil, evil}};
  r.breaks = {{1, evil, evil}};
  r.mended = {{evil, 2}};
  r.planned = r.parties;
  r.planned[0].total.payload += 1;
  r.comparison = ComparisonReport{1, 0, evil, std::nullopt};
  const std::string page = html_of(r);
  EXPECT_FALSE(has(page, "<script"));
  EXPECT_FALSE(has(page, "\" onload"));
  EXPECT_FALSE(has(page, "<b>\x01"));
  EXPECT_EQ(first_unbalanced(page), "");
  EXPECT_GE(count(page, tame), 16u);
}

TEST(Html, EverythingMayBeMissing) {
  RunReport r = sample_report();
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
  EXPECT_FALSE(has(page, "<svg class=\"plot"));
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
  RunReport r = sample_report();
  r.metric = "mse";
  r.private_metric = 0.012356;
  r.clear_metric = 0.0123;
  const std::string page = html_of(r);
  EXPECT_TRUE(
      has(page, "Mean squared error of the privately trained model on 359 test rows: <b>0.01236</b>"));
  EXPECT_FALSE(has(page, "0.01 %"));
}

TEST(Html, LossesThatDivergedAreSaidNotDrawn) {
  RunReport r = sample_report();
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
    RunReport r = sample_report();
    r.loss = {{0, ends.first}, {7, ends.second}};
    r.clear_loss.clear();
    const std::string page = html_of(r);
    EXPECT_EQ(first_unbalanced(page), "");
    EXPECT_FALSE(std::regex_search(page, std::regex("[\", ]-?(nan|inf)[\", ]")))
        << ends.first << " " << ends.second;
    // Drawn twice, for wide pages and for phones.
    const std::size_t lines = count(page, "<line class=\"grid\"") / 2;
    EXPECT_TRUE(lines >= 2 && lines <= 12) << lines << " for " << ends.first << " " << ends.second;
  }
}

TEST(Html, ThePlanStandsBesideTheMeasurement) {
  EXPECT_FALSE(has(html_of(sample_report()), "The plan and the run"));
  const RunReport r = full_report();
  std::string page = html_of(r);
  for (const char* text :
       {"The plan and the run", "alpha, planned", "gamma, planned", "equal", "+7.3 %", "-6.1 %", "+3.1 %"})
    EXPECT_TRUE(has(page, text)) << text;
  EXPECT_EQ(count(page, ", planned</th>"), 3u);
  EXPECT_TRUE(has(page, "What was sent is not what was planned, at gamma (whole run)."));
  RunReport equal = r;
  equal.planned = r.parties;
  EXPECT_TRUE(has(html_of(equal), "Every party sent the bytes that were planned"));
}

TEST(Html, TheFaultLogTellsWhoLeft) {
  EXPECT_FALSE(has(html_of(sample_report()), "The fault log"));
  RunReport r = full_report();
  std::string page = html_of(r);
  for (const char* text : {"The fault log", "went on 2 times, from steps 300 and 500",
                           "gamma has been silent for 5.0 s", ">317</th>"})
    EXPECT_TRUE(has(page, text)) << text;
  EXPECT_TRUE(has(page, "The link to beta broke and was re-established once."));
  r.breaks.clear();
  page = html_of(r);
  EXPECT_TRUE(has(page, "The fault log"));
  EXPECT_TRUE(has(page, "How it broke off is not known here"));
  r.resumed.clear();
  page = html_of(r);
  EXPECT_TRUE(has(page, "The link to beta broke"));
  EXPECT_FALSE(has(page, "The training broke off"));
  r.mended.clear();
  EXPECT_FALSE(has(html_of(r), "The fault log"));
}

TEST(Html, AComparisonTellsTheFirstDivergence) {
  EXPECT_FALSE(has(html_of(sample_report()), "Beside double precision"));
  RunReport r = full_report();
  for (const char* text : {"<strong>layer dense1, forward</strong>, in batch 12", "<strong>range</strong>",
                           "fraction_bits = 12", "smaller learning rate"})
    EXPECT_TRUE(has(html_of(r), text)) << text;
  r.comparison->first->range = false;
  r.comparison->first->proposed_fraction_bits.reset();
  for (const char* text : {"<strong>precision</strong>", "No other number of fraction bits"})
    EXPECT_TRUE(has(html_of(r), text)) << text;
  r.comparison->first.reset();
  for (const char* text : {"12 batches were compared", "No layer diverged", "6.25 %"})
    EXPECT_TRUE(has(html_of(r), text)) << text;
}

TEST(Html, ShowsTheJobsSettings) {
  EXPECT_FALSE(has(html_of(sample_report()), "The job’s settings"));
  EXPECT_TRUE(has(html_of(full_report()), "<code>training.optimiser.rate</code>"));
}

TEST(Html, AModelOutsideItsBoundIsSaidToBe) {
  RunReport r = sample_report();
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
