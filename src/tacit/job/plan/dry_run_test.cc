// What is planned is what is then counted: bytes and rounds of every phase and layer, at every party, for
// jobs of all kinds.
#include "tacit/job/plan/dry_run.h"

#include <gtest/gtest.h>

#include <random>

#include "tacit/base/error.h"
#include "tacit/job/testing/whole_run.h"

namespace tacit::planning {
namespace {

using namespace std::chrono_literals;
using tacit::testing::Cast;
using tacit::testing::Ending;
using tacit::testing::ScratchFolder;
using tacit::testing::usage_error;

std::string release(std::string_view what, std::string_view to, std::string_view more = "") {
  return fmt::format("[[release]]\nwhat = \"{}\"\nto = [{}]\npurpose = \"a test looks at it\"\n{}", what, to,
                     more);
}

constexpr std::size_t kColumns = 36;

/// A table of numbers and one of three sorts.
std::string table(std::size_t rows, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string out;
  for (std::size_t c = 0; c < kColumns; ++c) out += fmt::format("c{},", c);
  out += "sort\n";
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t c = 0; c < kColumns; ++c)
      out += fmt::format("{:.3f},", static_cast<double>(random() % 1000) / 1000);
    out += fmt::format("{}\n", "xyz"[random() % 3]);
  }
  return out;
}

std::string layer(std::string_view text) { return fmt::format("[[model.layer]]\n{}\n", text); }

struct Random {
  std::mt19937_64 bits;
  std::size_t below(std::size_t n) { return bits() % n; }
  template <class T>
  T of(std::initializer_list<T> list) {
    return *(list.begin() + static_cast<std::ptrdiff_t>(below(list.size())));
  }
};

/// A job of owners north and south: a network, and everything around it, by chance.
std::string any_job(Random& r) {
  const std::string networks[] = {
      layer("kind = \"dense\"\nunits = 4") + layer("kind = \"relu\"") + layer("kind = \"dense\""),
      layer("kind = \"conv2d\"\nchannels = 2\nkernel = 3") + layer("kind = \"max_pool\"\nkernel = 2") +
          layer("kind = \"relu\"") + layer("kind = \"dense\""),
      layer("kind = \"dense\"\nunits = 6") + layer("kind = \"batch_norm\"") + layer("kind = \"sigmoid\"") +
          layer("kind = \"dropout\"\nratio = 0.25") + layer("kind = \"dense\""),
  };
  const auto guard = r.of<std::string>({"\"off\"", "\"off\"", "\"every\"", "3"});
  const auto optimiser = r.of<std::string>({"sgd", "momentum", "adam", "amsgrad"});
  std::string t = fmt::format("[job]\nname = \"any\"\nprofile = \"{}\"\nfraction_bits = 14\n",
                              r.of<std::string>({"lan", "wan"}));
  for (const char* name : {"alpha", "beta", "gamma"})
    t += fmt::format("[[party]]\nname = \"{}\"\naddress = \"127.0.0.1:1\"\nkey = \"\"\n", name);
  for (const char* name : {"north", "south"})
    t += fmt::format("[[owner]]\nname = \"{}\"\nkey = \"\"\n", name);
  t += fmt::format(
      "[data]\ntest_fraction = {}\nmetric = \"accuracy\"\nshape = [1, 6, 6]\n"
      "label = {{ name = \"sort\", type = \"category\", values = [\"x\", \"y\", \"z\"] }}\ncolumn = [\n",
      r.of({0.0, 0.25}));
  for (std::size_t c = 0; c < kColumns; ++c)
    t += fmt::format("  {{ name = \"c{}\", type = \"number\", range = [0, 1] }},\n", c);
  t += "]\n[model]\n" + networks[r.below(3)];
  t += fmt::format(
      "[training]\nepochs = {}\nbatch = {}\ncheckpoint_every = {}\noverflow_guard = {}\n"
      "loss = \"softmax_cross_entropy\"\n[training.optimiser]\nname = \"{}\"\nrate = {}\nclip = {}\n"
      "schedule = \"{}\"\n",
      1 + r.below(3), r.of({7, 16, 100}), r.of({0, 2, 100}), guard, optimiser,
      optimiser[0] == 'a' ? 0.001 : 0.02, r.of({0, 4}), r.of<std::string>({"constant", "linear"}));
  if (guard != "\"off\"") t += release("overflow", "\"parties\"");
  if (r.below(4) > 0)
    t +=
        release("loss", r.of<std::string>({"\"everyone\"", "\"alpha\"", "\"beta\", \"south\"", "\"owners\""}),
                fmt::format("times = {}\n", r.of({2, 1000})));
  if (r.below(4) > 0) t += release("metric", r.of<std::string>({"\"everyone\"", "\"gamma\"", "\"north\""}));
  if (r.below(2) > 0) t += release("model", r.of<std::string>({"\"north\"", "\"owners\""}));
  return t;
}

/// Runs a job, and holds what every party counted against the plan.
void expect_as_planned(const Cast& cast, const Rows& rows, const std::string& what) {
  const auto endings = tacit::testing::train_in_memory(cast, 60s);
  for (const Ending& e : endings) ASSERT_EQ(e.how, Ending::How::Done) << e.said << "\n" << what;
  const nn::Graph graph = build_model(cast.job);
  const RunReport& report = endings[0].received.report;
  for (std::size_t p = 0; p < 3; ++p) {
    const DryRun plan = dry_run(cast.job, graph, rows, party_id(p));
    const PartyStats& run = report.parties.at(p);
    EXPECT_EQ(plan.steps, report.steps);
    EXPECT_EQ(plan.total.payload, run.total.payload) << run.name << "\n" << what;
    EXPECT_EQ(plan.total.rounds, run.total.rounds) << run.name << "\n" << what;
    for (const auto& [path, cost] : run.scopes) {
      ASSERT_TRUE(plan.scopes.contains(path)) << path << " of " << run.name << "\n" << what;
      EXPECT_EQ(plan.scopes.at(path).payload, cost.payload) << path << " of " << run.name << "\n" << what;
      EXPECT_EQ(plan.scopes.at(path).rounds, cost.rounds) << path << " of " << run.name << "\n" << what;
    }
    for (const auto& [path, cost] : plan.scopes)
      EXPECT_TRUE(run.scopes.contains(path)) << path << " was planned for " << run.name << "\n" << what;
    if (::testing::Test::HasFailure()) return;  // one is enough to read
  }
}

class AnyJob : public ::testing::TestWithParam<int> {};

TEST_P(AnyJob, CostsWhatWasPlanned) {
  Random r{std::mt19937_64(static_cast<std::uint64_t>(GetParam()))};
  const std::string text = any_job(r);
  const Rows rows{20 + r.below(30), 3 + r.below(30)};
  const ScratchFolder folder;
  const Cast cast = tacit::testing::cast_of(folder, text, {table(rows[0], 1), table(rows[1], 2)});
  expect_as_planned(cast, rows, text);
}

INSTANTIATE_TEST_SUITE_P(OfTwenty, AnyJob, ::testing::Range(1, 21));

TEST(DryRun, OfColumnsCountsTheComparisonOfIds) {
  const ScratchFolder folder;
  const Cast cast = tacit::testing::cast_of(
      folder, tacit::testing::tiny_columns_job(),
      {tacit::testing::tiny_columns_data(30, 1, false), tacit::testing::tiny_columns_data(30, 1, true)});
  expect_as_planned(cast, {30, 30}, "columns");
}

TEST(DryRun, OfManyStepsTakesNoLongerThanOfFew) {
  const ScratchFolder folder;
  std::string text = tacit::testing::tiny_classes_job();
  text.replace(text.find("epochs = 1\n"), 11, "epochs = 100\n");
  const Job job = tacit::testing::read_job_text(folder, text, Keys::MadeLater);
  const nn::Graph graph = build_model(job);
  const DryRun run = dry_run(job, graph, {16000, 16000}, party_id(0));
  EXPECT_EQ(run.steps, 100u * 24000 / 16);
  // As many as these, each with the cost of one.
  const DryRun few = dry_run(job, graph, {160, 160}, party_id(0));
  EXPECT_EQ(run.scopes.at("train/backward").payload, 100 * few.scopes.at("train/backward").payload);
}

TEST(DryRun, RefusesWhatCannotBe) {
  const ScratchFolder folder;
  const Job job = tacit::testing::read_job_text(folder, tacit::testing::tiny_classes_job(), Keys::MadeLater);
  const nn::Graph graph = build_model(job);
  const auto told = [&](const Rows& rows) {
    return usage_error(folder, [&] { dry_run(job, graph, rows, party_id(0)); });
  };
  EXPECT_EQ(told({10}), "the job has 2 owners of data, and there are 1 numbers of rows");
  EXPECT_EQ(told({10, 0}), "south brings 0 rows: it must be 1 to 2^40");
  const Job columns =
      tacit::testing::read_job_text(folder, tacit::testing::tiny_columns_job(), Keys::MadeLater);
  EXPECT_EQ(usage_error(folder,
                        [&] {
                          split_of(columns, {10, 11});
                        }),
            "north has 10 rows and south has 11: owners of different columns have the same rows");
}

TEST(DryRun, RefusesAGuardWithTooFewPermits) {
  const ScratchFolder folder;
  std::string text = tacit::testing::tiny_classes_job();
  text.replace(text.find("epochs = 1\n"), 11, "epochs = 3\noverflow_guard = \"every\"\n");
  text += release("overflow", "\"parties\"", "times = 2\n");
  const Job job = tacit::testing::read_job_text(folder, text, Keys::MadeLater);
  const std::string told = usage_error(folder, [&] {
    dry_run(job, build_model(job), {40, 30}, party_id(0));
  });
  EXPECT_NE(told.find("raise its times, or guard fewer batches"), std::string::npos) << told;
}

}  // namespace
}  // namespace tacit::planning
