// The overflow guard of a job: what the job file says of it, what it tells whom, how a run ends whose numbers
// leave their range, and what the report holds.
#include "tacit/job/overflow_guard.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "tacit/base/error.h"
#include "tacit/job/html.h"
#include "tacit/job/testing/sample_report.h"
#include "tacit/job/testing/whole_run.h"

namespace tacit {
namespace {

using namespace std::chrono_literals;
using testing::Cast;
using testing::Ending;
using testing::read_job_text;
using testing::refusal;
using testing::sample_job_text;
using testing::ScratchFolder;

std::string rule(std::string_view what, std::string_view to = "parties", std::string_view more = "") {
  return fmt::format("[[release]]\nwhat = \"{}\"\nto = [\"{}\"]\npurpose = \"no wrong numbers\"\n{}", what,
                     to, more);
}
std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  ensure(at != std::string::npos, "the text to replace is there");
  return text.replace(at, from.size(), to);
}
std::string guarded_sample(std::string_view value, std::string_view rules) {
  return sample_job_text("epochs = 12", fmt::format("epochs = 12\noverflow_guard = {}", value)).append(rules);
}

TEST(GuardInAJob, IsOffUnlessItIsWanted) {
  const ScratchFolder folder;
  EXPECT_EQ(read_job_text(folder, sample_job_text()).training.guard_every, 0u);
  EXPECT_EQ(read_job_text(folder, guarded_sample("\"off\"", "")).training.guard_every, 0u);
  const Job every = read_job_text(folder, guarded_sample("\"every\"", rule("overflow")));
  EXPECT_EQ(every.training.guard_every, 1u);
  EXPECT_EQ(every.releases.back().what, "overflow");
  EXPECT_EQ(every.releases.back().to, every.party_names());
  EXPECT_EQ(every.releases.back().times, static_cast<std::uint64_t>(INT64_MAX));
  const Job tenth = read_job_text(folder, guarded_sample("10", rule("overflow") + rule("overflow_layer")));
  EXPECT_EQ(tenth.training.guard_every, 10u);
  EXPECT_EQ(tenth.releases.back().times, 1u);
  EXPECT_TRUE(tenth.training.guards(0) && tenth.training.guards(20) && !tenth.training.guards(9));
  EXPECT_NE(job_hash(every), job_hash(tenth));
  EXPECT_NE(canonical_text(every).find("overflow_guard = 1\n"), std::string::npos);
}

TEST(GuardInAJob, IsRefusedWhereItMakesNoSense) {
  auto told = [](const std::string& text, std::string_view part) {
    const std::string message = refusal(text);
    EXPECT_TRUE(message.starts_with("job.toml:") && message.find(part) != std::string::npos) << message;
  };
  told(guarded_sample("\"always\"", rule("overflow")),
       "[training] overflow_guard: 'always' is not known: write \"off\", \"every\" (batch), or a whole "
       "number for "
       "every so many batches");
  told(guarded_sample("0", rule("overflow")), "[training] overflow_guard: 0 is not between 1 and 1000000");
  told(guarded_sample("true", rule("overflow")), "[training] overflow_guard: must be a text in quotes");
  told(guarded_sample("\"every\"", ""),
       "training: overflow_guard reveals one bit a check, which no release rule allows: add a [[release]] "
       "with what "
       "= \"overflow\", to = [\"parties\"] and a purpose");
  told(guarded_sample("\"every\"", rule("overflow_layer")), "which no release rule allows");
  told(guarded_sample("\"off\"", rule("overflow")),
       "[release #4] what: nothing tells 'overflow' without the guard: write overflow_guard = \"every\"");
  told(guarded_sample("\"every\"", rule("overflow", "everyone")),
       "[release #4] to: 'overflow' goes to all compute parties, which stop together, and to nobody else");
  told(guarded_sample("\"every\"", rule("overflow", "alpha")), "[release #4] to: ");
  told(guarded_sample("\"every\"", rule("overflow") + rule("overflow_layer", "north")), "[release #5] to: ");
  told(guarded_sample("\"every\"", rule("overflow") + rule("overflow")),
       "there are two rules for 'overflow'");
}

TEST(GuardInAJob, PlacesAreToldInWords) {
  EXPECT_EQ(place_in_words("train"), "the data");
  EXPECT_EQ(place_in_words("measure"), "the data");
  EXPECT_EQ(place_in_words("train/forward/dense1"), "layer dense1, forward");
  EXPECT_EQ(place_in_words("train/backward/block/conv2"), "layer block/conv2, backward");
  EXPECT_EQ(place_in_words("train/forward/loss"), "the loss");
  EXPECT_EQ(place_in_words("train/update"), "the update of the weights");
  EXPECT_EQ(place_in_words("measure/dense1"), "layer dense1");
}

/// A training that is guarded, at some learning rate.
std::string guarded_job(std::string_view every, std::string_view rate, const std::string& rules) {
  std::string text = replaced(testing::tiny_classes_job(), "epochs = 1\n",
                              fmt::format("epochs = 3\noverflow_guard = {}\n", every));
  text = replaced(text, "name = \"adam\"\n", fmt::format("name = \"sgd\"\nrate = {}\n", rate));
  return text + rules;
}
std::vector<Ending> trained(const std::string& job) {
  const ScratchFolder folder;
  const Cast cast =
      testing::cast_of(folder, job, {testing::tiny_classes_data(40, 1), testing::tiny_classes_data(30, 2)});
  return testing::train_in_memory(cast, 60s);
}

TEST(GuardedRun, TellsOneBitACheckAndNothingElse) {
  // 30 and 23 rows to train on in batches of 16, three times: 12 batches. 17 rows to measure: one batch more.
  for (const auto& [every, checks] : {std::pair("\"every\"", 13u), {"5", 4u}}) {
    const auto endings = trained(guarded_job(every, "0.1", rule("overflow") + rule("overflow_layer")));
    for (const Ending& e : endings) EXPECT_EQ(e.how, Ending::How::Done) << e.said;
    const RunReport& report = endings[3].received.report;
    std::map<std::string, Disclosure> told;
    for (const Disclosure& d : report.disclosures) told[d.what] = d;
    EXPECT_EQ(told.count("overflow_layer"), 0u) << "no value left its range";
    EXPECT_EQ(told.at("overflow").times, checks);
    EXPECT_EQ(told.at("overflow").bits, checks);
    EXPECT_EQ(told.at("overflow").to, (std::vector<std::string>{"alpha", "beta", "gamma"}));
    ASSERT_TRUE(report.guard.has_value());
    EXPECT_EQ(report.guard->checks, checks);
    EXPECT_GT(report.guard->numbers, checks * 32u);
    EXPECT_EQ(report.guard->guarded.count + report.guard->unguarded.count, 12u);
    EXPECT_EQ(report.guard->guarded.count, checks - 1);
    EXPECT_GT(report.guard->guarded.cost.payload, 0u);
    // What the guard itself costs has a scope of its own.
    const PartyStats& alpha = report.parties.front();
    EXPECT_GT(alpha.scopes.at("train/guard").payload, 0u);
    if (report.guard->unguarded.count > 0) {
      auto each = [](const GuardReport::Batches& b) {
        return static_cast<double>(b.cost.payload) / static_cast<double>(b.count);
      };
      EXPECT_GT(each(report.guard->guarded), each(report.guard->unguarded));
    }
  }
}

TEST(GuardedRun, WithoutAGuardSaysNothingOfOne) {
  const auto endings = trained(replaced(testing::tiny_classes_job(), "\"everyone\"", "\"owners\""));
  EXPECT_EQ(endings[3].how, Ending::How::Done) << endings[3].said;
  EXPECT_FALSE(endings[3].received.report.guard.has_value());
  EXPECT_EQ(endings[3].received.report.parties.front().scopes.count("train/guard"), 0u);
}

/// A job whose inputs are so large that weights explode within a few batches.
std::string exploding_job(const std::string& rules) {
  std::string text = guarded_job("\"every\"", "16", rules);
  text = replaced(text, "range = [-1, 1], scaling = \"none\"", "range = [-30000, 30000], scaling = \"none\"");
  return replaced(text, "epochs = 3", "epochs = 200");
}
std::vector<Ending> exploded(const std::string& job) {
  const ScratchFolder folder;
  std::vector<std::string> data;
  for (std::uint64_t seed : {1, 2}) {
    std::string rows = "a,b,sort\n";
    std::mt19937_64 random(seed);
    for (int i = 0; i < 40; ++i)
      rows += fmt::format("{},{},{}\n", static_cast<int>(random() % 60001) - 30000, random() % 101,
                          "xyz"[random() % 3]);
    data.push_back(std::move(rows));
  }
  return testing::train_in_memory(testing::cast_of(folder, job, data), 60s);
}

TEST(GuardedRun, StopsEverywhereWhenAValueLeavesItsRange) {
  for (bool by_layer : {false, true}) {
    const auto endings = exploded(exploding_job(rule("overflow") + (by_layer ? rule("overflow_layer") : "")));
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(endings[i].how, Ending::How::Usage) << i << ": " << endings[i].said;
      EXPECT_TRUE(endings[i].said.starts_with("batch ")) << endings[i].said;
      EXPECT_NE(endings[i].said.find("in training"), std::string::npos) << endings[i].said;
      EXPECT_NE(endings[i].said.find("some value left its range, so the run stops"), std::string::npos)
          << endings[i].said;
      EXPECT_EQ(endings[i].said.find(" (") != std::string::npos &&
                    endings[i].said.find(" (") < endings[i].said.find(": some value"),
                by_layer)
          << endings[i].said;
      EXPECT_EQ(endings[i].said, endings[0].said);
    }
    for (std::size_t i = 3; i < 5; ++i) {
      EXPECT_EQ(endings[i].how, Ending::How::Peer) << endings[i].said;
      EXPECT_NE(endings[i].said.find("some value left its range"), std::string::npos) << endings[i].said;
      for (const Received& r : endings[i].received.received) EXPECT_NE(r.what, "model");
    }
  }
}

TEST(GuardedRun, IsRefusedWhenItsRuleAllowsTooFewChecks) {
  const auto endings = trained(guarded_job("\"every\"", "0.1", rule("overflow", "parties", "times = 12\n")));
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(endings[i].how, Ending::How::Usage) << endings[i].said;
    EXPECT_NE(endings[i].said.find("the overflow guard makes 13 checks in this run, and the release rule for "
                                   "'overflow' allows 12"),
              std::string::npos)
        << endings[i].said;
  }
}

TEST(GuardReport, GoesThereAndBackAndIsDrawn) {
  RunReport r = testing::sample_report();
  EXPECT_EQ(html_of(r).find("Overflow guard"), std::string::npos);
  r.guard = {10,
             92,
             123456,
             {92, testing::sample_cost(92'000'000, 9200, 9.2)},
             {828, testing::sample_cost(414'000'000, 41400, 41.4)}};
  const nlohmann::json there = to_json(r);
  const RunReport back = report_from_json(nlohmann::json::parse(there.dump()));
  EXPECT_EQ(to_json(back), there);
  ASSERT_TRUE(back.guard.has_value());
  EXPECT_EQ(back.guard->every, 10u);
  EXPECT_EQ(back.guard->numbers, 123456u);
  EXPECT_EQ(back.guard->unguarded.cost.rounds, 41400u);
  const std::string page = html_of(r);
  for (const char* text : {"Overflow guard", "One batch in 10 was guarded", "123,456 numbers checked",
                           "92 checks", "not guarded"})
    EXPECT_NE(page.find(text), std::string::npos) << text;
}

}  // namespace
}  // namespace tacit
