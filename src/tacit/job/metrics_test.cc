// What a running party tells Prometheus: phases add up to what was booked, counts only grow, and nothing is
// there that the party was not told.
#include "tacit/job/metrics.h"

#include <gtest/gtest.h>

#include <sstream>

#include "tacit/job/phases.h"
#include "tacit/job/testing/sample_report.h"

namespace tacit {
namespace {

using testing::sample_cost;

/// The value behind a name and its labels, job and party left out.
std::optional<double> value(const std::string& text, const std::string& name,
                            const std::string& labels = "") {
  const std::string wanted =
      name + "{job_name=\"digits\",party=\"alpha\"" + (labels.empty() ? "" : "," + labels) + "} ";
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(wanted)) return std::stod(line.substr(wanted.size()));
  return std::nullopt;
}

PartyStats sample_stats() { return testing::sample_report().parties[0]; }

TEST(Phases, AreTheOutermostThatWereBooked) {
  const auto phases = costs_by_phase(sample_stats().scopes);
  std::vector<std::string> names;
  for (const auto& [name, cost] : phases) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"measure", "release", "sharing", "train/backward",
                                             "train/forward", "train/update"}));
  EXPECT_EQ(phases.at("train/forward").payload, 140'000'000u);
  EXPECT_EQ(phases.at("measure").payload, 9'000'000u);
}

TEST(Phases, AddUpWhatHasEndedWithinOneThatHasNot) {
  const auto phases = costs_by_phase({{"train/forward/conv1", sample_cost(100, 1, 1)},
                                      {"train/forward/conv1/part", sample_cost(40, 1, 1)},
                                      {"train/forward/loss", sample_cost(10, 1, 2)},
                                      {"train/guard", sample_cost(5, 1, 1)},
                                      {"measure/conv1", sample_cost(7, 1, 1)}});
  ASSERT_EQ(phases.size(), 3u);
  EXPECT_EQ(phases.at("train/forward").payload, 110u);
  EXPECT_EQ(phases.at("train/forward").seconds, 3.0);
  EXPECT_EQ(phases.at("train/guard").payload, 5u);
  EXPECT_EQ(phases.at("measure").payload, 7u);
}

TEST(RunMetrics, TellsWhatIsCounted) {
  RunMetrics metrics("digits", "alpha");
  metrics.ask_for_peers([] { return RunMetrics::Peers{2, 1}; });
  const PartyStats s = sample_stats();
  metrics.observe(s, {"training", 17, 920, std::nullopt, s.total.payload});
  const std::string text = metrics.text();
  EXPECT_EQ(value(text, "tacit_bytes_sent_total"), 412'300'000.0);
  EXPECT_EQ(value(text, "tacit_rounds_total"), 61'234.0);
  EXPECT_EQ(value(text, "tacit_messages_sent_total"), 122'468.0);
  EXPECT_EQ(value(text, "tacit_batches_total"), 17.0);
  EXPECT_EQ(value(text, "tacit_batches_planned"), 920.0);
  EXPECT_EQ(value(text, "tacit_phase_seconds_total", "phase=\"train/backward\""), 44.1);
  EXPECT_EQ(value(text, "tacit_phase_bytes_sent_total", "phase=\"sharing\""), 96.0);
  EXPECT_EQ(value(text, "tacit_doing", "what=\"training\""), 1.0);
  EXPECT_EQ(value(text, "tacit_connected_peers", "kind=\"party\""), 2.0);
  EXPECT_EQ(value(text, "tacit_connected_peers", "kind=\"owner\""), 1.0);
  EXPECT_GT(value(text, "tacit_memory_bytes").value_or(0), 1e6);
  EXPECT_GE(value(text, "tacit_memory_peak_bytes").value_or(0),
            value(text, "tacit_memory_bytes").value_or(1e18) / 2);
}

TEST(RunMetrics, HoldNoLossThatThePartyWasNotTold) {
  RunMetrics metrics("digits", "alpha");
  metrics.observe(sample_stats(), {"training", 17, 920, std::nullopt, 0});
  EXPECT_EQ(metrics.text().find("loss"), std::string::npos);
  metrics.observe(sample_stats(), {"training", 18, 920, 0.25, 0});
  EXPECT_EQ(value(metrics.text(), "tacit_loss"), 0.25);
  metrics.observe(sample_stats(), {"training", 18, 920, std::numeric_limits<double>::quiet_NaN(), 0});
  EXPECT_NE(metrics.text().find("} NaN\n"), std::string::npos);
}

TEST(RunMetrics, CountsOnlyGrowOverSessions) {
  RunMetrics metrics("digits", "alpha");
  EXPECT_EQ(value(metrics.text(), "tacit_bytes_sent_total"), 0.0);
  EXPECT_EQ(value(metrics.text(), "tacit_doing", "what=\"starting\""), 1.0);
  PartyStats s;
  s.total = sample_cost(1000, 10, 1);
  metrics.observe(s, {"training", 3, 9, std::nullopt, 0});
  metrics.observe(s, {"measuring", 0, 40, std::nullopt, 0});
  EXPECT_EQ(value(metrics.text(), "tacit_batches_total"), 3.0);
  EXPECT_FALSE(value(metrics.text(), "tacit_batches_planned"));
  s.total = sample_cost(200, 2, 1);  // a session of its own, for a question
  metrics.observe(s, {"predicting", 1, 1, std::nullopt, 0});
  s.total = sample_cost(300, 3, 1);
  metrics.observe(s, {"done", 1, 1, std::nullopt, 0});
  EXPECT_EQ(value(metrics.text(), "tacit_bytes_sent_total"), 1300.0);
  EXPECT_EQ(value(metrics.text(), "tacit_rounds_total"), 13.0);
  EXPECT_EQ(value(metrics.text(), "tacit_batches_total"), 3.0);
  metrics.doing("waiting for someone to ask");
  EXPECT_EQ(value(metrics.text(), "tacit_doing", "what=\"waiting for someone to ask\""), 1.0);
}

TEST(RunMetrics, EveryLineIsOfTheFormat) {
  RunMetrics metrics("a \"job\"\\", "al\npha");
  metrics.observe(sample_stats(), {"say \"x\"\n", 1, 2, 0.5, 0});
  std::istringstream lines(metrics.text());
  std::string described;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP ")) {
      described = line.substr(7, line.find(' ', 7) - 7);
      continue;
    }
    if (line.starts_with("# TYPE ")) {
      EXPECT_TRUE(line == "# TYPE " + described + " counter" || line == "# TYPE " + described + " gauge")
          << line;
      continue;
    }
    EXPECT_TRUE(line.starts_with(described + "{job_name=\"a \\\"job\\\"\\\\\",party=\"al\\npha\"")) << line;
    EXPECT_NO_THROW(std::stod(line.substr(line.rfind(' ')))) << line;
  }
}

}  // namespace
}  // namespace tacit
