// Two reports side by side: what is equal is said to be, what differs by how much, and which settings.
#include "tacit/job/report_difference.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tacit/job/testing/sample_report.h"

namespace tacit {
namespace {

using testing::full_report;
using testing::sample_report;

const ReportDifference::Figure& figure(const ReportDifference& d, const std::string& name) {
  for (const auto& f : d.figures)
    if (f.name == name) return f;
  throw std::runtime_error("there is no figure " + name);
}

TEST(ReportDifference, OfARunAndItself) {
  const RunReport r = full_report();
  const ReportDifference d = difference(r, r);
  EXPECT_TRUE(d.same_job);
  EXPECT_FALSE(d.otherwise());
  EXPECT_TRUE(d.settings.empty());
  EXPECT_GT(d.figures.size(), 15u);
  for (const auto& f : d.figures) {
    EXPECT_EQ(f.a, f.b) << f.name;
    EXPECT_EQ(f.relative().value_or(0), 0) << f.name;
  }
  EXPECT_EQ(figure(d, "sent by all parties").a, 3 * 412.3e6);
  EXPECT_EQ(figure(d, "rounds").a, 61'234.0);
  EXPECT_EQ(figure(d, "train/backward: sent").a, 3 * 257e6);
  EXPECT_EQ(figure(d, "train/backward: time").a, 44.1);
}

TEST(ReportDifference, SaysByHowMuch) {
  const RunReport a = sample_report();
  RunReport b = a;
  b.seconds = a.seconds * 1.5;
  b.parties[1].total.payload = 0;
  b.parties[0].scopes.erase("measure");
  for (PartyStats& p : b.parties) p.scopes["checkpoint"] = testing::sample_cost(5, 1, 1);
  b.private_metric.reset();
  const ReportDifference d = difference(a, b);
  EXPECT_NEAR(figure(d, "time").relative().value(), 0.5, 1e-12);
  EXPECT_NEAR(figure(d, "sent by all parties").relative().value(), -1.0 / 3, 1e-12);
  EXPECT_FALSE(figure(d, "private accuracy").relative());
  EXPECT_TRUE(figure(d, "private accuracy").a && !figure(d, "private accuracy").b);
  EXPECT_FALSE(figure(d, "checkpoint: sent").a);
  EXPECT_EQ(figure(d, "checkpoint: sent").b, 15.0);
}

TEST(ReportDifference, NamesTheSettingsThatDiffer) {
  RunReport a = sample_report(), b = a;
  a.settings = {{"training.batch", "64"}, {"training.optimiser.momentum", "0.9"}, {"model", "logistic"}};
  b.settings = {{"training.batch", "128"}, {"training.optimiser.beta1", "0.9"}, {"model", "logistic"}};
  b.job_hash = std::string(64, 'b');
  b.fraction_bits = 20;
  const ReportDifference d = difference(a, b);
  EXPECT_FALSE(d.same_job);
  std::vector<std::vector<std::string>> told;
  for (const auto& s : d.settings) told.push_back({s.key, s.a, s.b});
  EXPECT_EQ(told, (std::vector<std::vector<std::string>>{{"job.fraction_bits", "16", "20"},
                                                         {"training.batch", "64", "128"},
                                                         {"training.optimiser.momentum", "0.9", ""},
                                                         {"training.optimiser.beta1", "", "0.9"}}));
  b = a;
  b.job_hash = std::string(64, 'b');
  EXPECT_TRUE(difference(a, b).otherwise());
}

TEST(ReportDifference, AsJson) {
  const RunReport a = sample_report();
  RunReport b = a;
  b.seconds = 0;
  b.fraction_bits = 20;
  const nlohmann::json j = to_json(difference(b, a));
  EXPECT_EQ(j.at("figures").at(0).at("name"), "time");
  EXPECT_EQ(j.at("figures").at(0).at("kind"), "seconds");
  EXPECT_EQ(j.at("figures").at(0).at("b"), a.seconds);
  EXPECT_TRUE(j.at("figures").at(0).at("relative").is_null()) << "nothing can be told against 0";
  EXPECT_EQ(j.at("settings").at(0), (nlohmann::json{{"key", "job.fraction_bits"}, {"a", "20"}, {"b", "16"}}));
  EXPECT_EQ(j.at("same_job"), true);
}

TEST(ReportDifference, IsDrawn) {
  const RunReport a = full_report();
  RunReport b = a;
  b.seconds = 60.32;
  b.fraction_bits = 20;
  b.job_hash = std::string(64, 'b');
  const std::string evil = "<script>\"";
  const std::string page = html_of(a, b, {"first/report.json", evil});
  for (const char* text :
       {"Two runs of digits", "first/report.json", "&lt;script&gt;", "-20.0 %", "equal", "job.fraction_bits",
        "class=\"plot wide\"", "class=\"plot narrow\"", "A: simulation", "<polyline class=\"other\""})
    EXPECT_NE(page.find(text), std::string::npos) << text;
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_NE(html_of(a, a, {"a", "a"}).find("Both runs are of the same job"), std::string::npos);
  const RunReport nothing;
  EXPECT_EQ(html_of(nothing, nothing, {"a", "b"}).find("<svg class=\"plot"), std::string::npos);
}

}  // namespace
}  // namespace tacit
