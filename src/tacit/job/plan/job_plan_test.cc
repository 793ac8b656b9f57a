// Estimates follow from what they are made of; what does not fit is said; and the plan stands in the report
// beside what was measured.
#include "tacit/job/plan/job_plan.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tacit/base/error.h"
#include "tacit/job/html.h"
#include "tacit/job/testing/whole_run.h"

namespace tacit::planning {
namespace {

using namespace std::chrono_literals;
using tacit::testing::Ending;
using tacit::testing::read_job_text;
using tacit::testing::ScratchFolder;

Job tiny(std::string_view from = "", std::string_view to = "") {
  const ScratchFolder folder;
  std::string text = tacit::testing::tiny_classes_job();
  if (!from.empty()) {
    const std::size_t at = text.find(from);
    ensure(at != std::string::npos, "the text to replace is there");
    text.replace(at, from.size(), to);
  }
  return read_job_text(folder, text, Keys::MadeLater);
}

/// As if three parties with a thread each had had three processors.
StepTimes step_times(double seconds) {
  return {16,
          1,
          3,
          {{"forward", 3 * seconds},
           {"forward/dense1", 2 * seconds},
           {"forward/loss", seconds},
           {"backward", 4 * seconds},
           {"update", 2 * seconds}}};
}

const Rows kRows{40, 24};            // 30 and 18 to train on: three steps of 16
constexpr std::uint64_t kWidth = 5;  // two columns, three classes

JobPlan planned(const Job& job, const StepTimes& times, const Conditions& conditions) {
  return plan_job(job, build_model(job), kRows, times, conditions);
}

TEST(JobPlan, SecondsAreComputingAndTheLink) {
  const Job job = tiny();
  const Conditions own{.link = {0, 0}, .shared = false, .processors = 1};
  const JobPlan computing = planned(job, step_times(1), own);
  EXPECT_EQ(computing.steps, 3u);
  EXPECT_EQ(computing.split.train, 48u);
  EXPECT_EQ(computing.split.test, 16u);
  for (const PartyPlan& p : computing.parties) {
    const auto seconds = [&](const char* path) { return p.stats.scopes.at(path).seconds; };
    EXPECT_DOUBLE_EQ(seconds("train/forward"), 3 * 3);
    EXPECT_DOUBLE_EQ(seconds("train/forward/dense1"), 3 * 2);
    EXPECT_DOUBLE_EQ(seconds("train/backward"), 3 * 4);
    EXPECT_DOUBLE_EQ(seconds("train/update"), 3 * 2);
    EXPECT_DOUBLE_EQ(seconds("train"), 3 * 9);
    EXPECT_DOUBLE_EQ(seconds("measure"), 2) << "one batch of 16 rows without a loss";
    EXPECT_DOUBLE_EQ(p.stats.total.seconds, 3 * 9 + 2);
  }
  // A round takes the link's time, and a byte as long as the sender's rate has it take.
  const LinkShape link{0.02, 1e6};
  const JobPlan far = planned(job, step_times(0), {.link = link, .shared = false, .processors = 1});
  for (const PartyPlan& p : far.parties) {
    const Cost& c = p.stats.scopes.at("train");
    EXPECT_DOUBLE_EQ(c.seconds, static_cast<double>(c.rounds) * 0.02 + static_cast<double>(c.payload) / 1e6);
    EXPECT_GT(p.stats.total.seconds, c.seconds);
  }
  EXPECT_EQ(far.bytes(), computing.bytes());
  EXPECT_EQ(far.rounds(), computing.rounds());
}

TEST(JobPlan, PartiesOnOneMachineShareItsProcessors) {
  const Job job = tiny();
  const auto train = [&](bool shared, unsigned processors) {
    return planned(job, step_times(1), {.link = {}, .shared = shared, .processors = processors})
        .parties[0]
        .stats.scopes.at("train")
        .seconds;
  };
  EXPECT_DOUBLE_EQ(train(true, 3), 27);
  EXPECT_DOUBLE_EQ(train(true, 1), 3 * 27);
  EXPECT_DOUBLE_EQ(train(true, 2), 27 * 3.0 / 2);
  EXPECT_DOUBLE_EQ(train(true, 6), 27.0 / 2);
  EXPECT_DOUBLE_EQ(train(false, 1), 27);
  EXPECT_DOUBLE_EQ(train(false, 4), 27.0 / 4);
}

TEST(JobPlan, LayersAddUpToPasses) {
  const Job job = tiny();
  const JobPlan plan = planned(job, step_times(1), {.link = {0.02, 1e6}, .shared = false, .processors = 1});
  std::uint64_t forward = 0, in_layers = 0;
  for (const PartyPlan& p : plan.parties) forward += p.stats.scopes.at("train/forward").payload;
  std::vector<std::string> names;
  for (const LayerPlan& l : plan.layers) {
    in_layers += l.forward.payload;
    names.push_back(l.name);
  }
  EXPECT_EQ(forward, in_layers);
  EXPECT_EQ(names, (std::vector<std::string>{"dense1", "relu1", "dense2", "loss"}));
  EXPECT_EQ(plan.layers[1].op, "Relu");
  const auto order = plan.dearest();
  for (std::size_t i = 1; i < order.size(); ++i)
    EXPECT_GE(plan.layers[order[i - 1]].all().seconds, plan.layers[order[i]].all().seconds);
}

TEST(JobPlan, MemoryAndDiskFollowWhatIsKept) {
  const Conditions here{.link = {}, .shared = true, .processors = 2};
  const StepTimes times = step_times(1);
  const JobPlan plain = planned(tiny("name = \"adam\"", "name = \"sgd\""), times, here),
                adam = planned(tiny(), times, here),
                none = planned(tiny("batch = 16\n", "batch = 16\ncheckpoint_every = 0\n"), times, here),
                large = planned(tiny("batch = 16\n", "batch = 100000\n"), times, here);
  for (std::size_t p = 0; p < 3; ++p) {
    EXPECT_LT(plain.parties[p].disk_bytes, adam.parties[p].disk_bytes) << "moments are in checkpoints";
    // Of each owner's data, one component in three is sent in full, and each party holds two.
    std::uint64_t data = 0;
    for (std::size_t owner = 0; owner < kRows.size(); ++owner)
      if (owner != (p + 2) % 3) data += kRows[owner] * kWidth * sizeof(Word);
    EXPECT_EQ(none.parties[p].disk_bytes, none.parameters * 2 * sizeof(Word) + data)
        << "the share of the model, and the data";
    EXPECT_GT(large.parties[p].stats.memory_bytes,
              adam.parties[p].stats.memory_bytes + std::uint64_t{99'000} * 16 * 2 * (2 + 4 + 4 + 3));
  }
}

TEST(JobPlan, SaysWhatDoesNotFit) {
  const Job job = tiny();
  Conditions c{.link = {}, .shared = true, .processors = 2, .memory = std::uint64_t{1} << 40, .disk = 0};
  EXPECT_TRUE(misfits(job, planned(job, step_times(1), c)).empty());
  c.memory = 64 << 20;  // less than three processes take
  c.disk = 100;
  const auto shared = misfits(job, planned(job, step_times(1), c));
  ASSERT_EQ(shared.size(), 2u);
  EXPECT_TRUE(shared[0].starts_with("the 3 parties on one machine need about ")) << shared[0];
  EXPECT_NE(shared[0].find("take a smaller batch (now 16)"), std::string::npos) << shared[0];
  EXPECT_NE(shared[1].find("of disk, and 100 B are free: "), std::string::npos) << shared[1];
  c.shared = false;
  const auto own = misfits(job, planned(job, step_times(1), c));
  ASSERT_EQ(own.size(), 3u) << "each has memory enough";
  EXPECT_TRUE(own[1].starts_with("beta needs ")) << own[1];
}

TEST(JobPlan, AsJsonHasWhatScriptsRead) {
  const Job job = tiny();
  const nlohmann::json j =
      to_json(job, planned(job, step_times(1), {.link = {0.02, 0}, .shared = false, .processors = 1}));
  for (const char* name : {"alpha", "beta", "gamma"})
    for (const char* key : {"seconds", "bytes_sent", "rounds", "memory_bytes", "disk_bytes"})
      EXPECT_GT(j.at("parties").at(name).at(key).get<double>(), 0) << name << " " << key;
  EXPECT_EQ(j.at("layers").size(), 4u);
  EXPECT_EQ(j.at("layers")[0].at("operator"), "Gemm");
  EXPECT_EQ(j.at("rows"), (nlohmann::json{{"north", 40}, {"south", 24}}));
  EXPECT_TRUE(j.at("will_not_fit").empty());
}

TEST(JobPlan, StandsInTheReportBesideTheRun) {
  const ScratchFolder folder;
  const auto cast = tacit::testing::cast_of(
      folder, tacit::testing::tiny_classes_job(),
      {tacit::testing::tiny_classes_data(kRows[0], 1), tacit::testing::tiny_classes_data(kRows[1], 2)});
  const auto endings = tacit::testing::train_in_memory(cast, 60s);
  for (const Ending& e : endings) ASSERT_EQ(e.how, Ending::How::Done) << e.said;
  RunReport report = endings[0].received.report;
  EXPECT_EQ(report.rows, (std::map<std::string, std::uint64_t>{{"north", 40}, {"south", 24}}));
  EXPECT_EQ(html_of(report).find("The plan and the run"), std::string::npos);
  put_plan_beside(report, cast.job);
  ASSERT_EQ(report.planned.size(), 3u);
  for (std::size_t p = 0; p < 3; ++p)
    EXPECT_TRUE(report.planned[p].total.same_traffic(report.parties[p].total)) << p;
  const auto back = report_from_json(to_json(report));
  EXPECT_EQ(to_json(back), to_json(report));
  EXPECT_EQ(back.planned[1].name, "beta");
  EXPECT_NE(html_of(report).find("Every party sent the bytes that were planned"), std::string::npos);
  EXPECT_NE(html_of(report).find("not planned"), std::string::npos) << "seconds were not";

  const JobPlan before = planned(cast.job, step_times(1), {.link = {}, .shared = true, .processors = 3});
  put_plan_beside(report, cast.job, &before);
  EXPECT_GE(report.planned[0].total.seconds, 29);
  EXPECT_EQ(html_of(report).find("not planned"), std::string::npos);
  // What differs is named.
  ++report.planned[1].scopes.at("train").payload;
  EXPECT_NE(html_of(report).find("not what was planned, at beta (train)"), std::string::npos);
  // A run in several sessions is no such run.
  report.resumed = {3};
  put_plan_beside(report, cast.job, &before);
  EXPECT_TRUE(report.planned.empty());
}

TEST(StepTimes, AreMeasuredForEveryPassAndLayer) {
  const Job job = tiny();
  const StepTimes times = measure_steps(job, build_model(job), 0.05);
  EXPECT_GE(times.rows, 8u);
  EXPECT_LE(times.rows, 16u);
  for (const char* path :
       {"forward", "backward", "update", "forward/relu1", "backward/dense1", "forward/loss"}) {
    ASSERT_TRUE(times.scopes.contains(path)) << path;
    EXPECT_GT(times.scopes.at(path), 0) << path;
  }
  EXPECT_LT(times.scopes.at("forward/relu1"), times.scopes.at("forward"));
}

}  // namespace
}  // namespace tacit::planning
