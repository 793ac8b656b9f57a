// A simulated run beside double precision: a training whose numbers run away names the layer and the range,
// one whose steps are smaller than its digits names precision and digits that are enough, and an ordinary one
// names nothing.
#include "tacit/job/compare.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tacit/base/error.h"
#include "tacit/job/testing/whole_run.h"
#include "tacit/mpc/protocols/plain/engine.h"

namespace tacit {
namespace {

using namespace std::chrono_literals;
using testing::Cast;
using testing::Ending;
using testing::ScratchFolder;

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  ensure(at != std::string::npos, "the text to replace is there");
  return text.replace(at, from.size(), to);
}

/// The sample of three classes by plain gradient descent.
std::string classes_job(unsigned fraction_bits, double rate, unsigned epochs) {
  std::string text = replaced(testing::tiny_classes_job(), "fraction_bits = 14",
                              fmt::format("fraction_bits = {}", fraction_bits));
  text = replaced(text, "epochs = 1\n", fmt::format("epochs = {}\n", epochs));
  return replaced(text, "name = \"adam\"\n", fmt::format("name = \"sgd\"\nrate = {}\n", rate));
}

/// Numbers up to 44 and steps of 16 times the gradient: the first batch throws the weights far out.
std::string runaway_job() {
  std::string text = replaced(testing::tiny_classes_job(), "fraction_bits = 14", "fraction_bits = 16");
  text = replaced(text, "metric = \"accuracy\"", "metric = \"mse\"");
  text = replaced(text, R"({ name = "sort", type = "category", values = ["x", "y", "z"] })",
                  R"({ name = "y", type = "number", range = [-1, 1], scaling = "none" })");
  text = replaced(
      text, "range = [-1, 1], scaling = \"none\" },\n  { name = \"b\", type = \"number\", range = [0, 100] }",
      "range = [-44, 44], scaling = \"none\" },\n"
      "  { name = \"b\", type = \"number\", range = [-44, 44], scaling = \"none\" }");
  text = replaced(text, "batch = 16", "batch = 8");
  text = replaced(text, "softmax_cross_entropy", "squared_error");
  return replaced(text, "name = \"adam\"\n", "name = \"sgd\"\nrate = 16\n");
}
std::string runaway_data(std::size_t rows, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  auto number = [&](double most) { return most * (static_cast<double>(random() % 20001) / 10000 - 1); };
  std::string out = "a,b,y\n";
  for (std::size_t i = 0; i < rows; ++i)
    out += fmt::format("{:.4f},{:.4f},{:.4f}\n", number(44), number(44), number(1));
  return out;
}

struct Compared {
  ComparisonReport report;
  std::size_t steps = 0;
};

/// Runs the job, all parties as threads, and compares its steps.
Compared compared(const std::string& job, const std::vector<std::string>& data) {
  const ScratchFolder folder;
  Cast cast = testing::cast_of(folder, job, data);
  RunComparison comparison(cast.job, cast.data);
  const StepTap tap = comparison.tap();
  cast.prepare = [&](PartyId, PartyOptions& options) { options.tap = &tap; };
  const auto endings = testing::train_in_memory(cast, 60s);
  for (const Ending& e : endings) EXPECT_EQ(e.how, Ending::How::Done) << e.said;
  return {comparison.report(), endings[0].received.report.steps};
}
Compared compared_classes(const std::string& job) {
  return compared(job, {testing::tiny_classes_data(40, 1), testing::tiny_classes_data(30, 2)});
}

TEST(Comparison, OfAnOrdinaryTrainingNamesNoLayer) {
  for (const std::string& job : {classes_job(16, 0.1, 3), classes_job(20, 1, 3),
                                 replaced(testing::tiny_classes_job(), "epochs = 1", "epochs = 3")}) {
    const auto [report, steps] = compared_classes(job);
    EXPECT_FALSE(report.first.has_value()) << in_words(report);
    EXPECT_EQ(steps, 12u);
    EXPECT_EQ(report.batches, steps) << "every batch was compared";
    EXPECT_GT(report.largest, 0) << "fixed point rounds";
    EXPECT_LT(report.largest, 0.25);
    EXPECT_FALSE(report.largest_at.empty());
    EXPECT_NE(in_words(report).find("In all 12 batches the simulated run agrees"), std::string::npos);
  }
}

/// What a training in double precision comes to, by itself: the largest result of each node, step by step,
/// and the largest change of a parameter in the first step.
struct Sizes {
  std::vector<std::vector<std::pair<std::string, double>>> nodes;
  double first_change = 0;
};
Sizes sizes_in_doubles(const Job& job, const std::vector<DataFiles>& data, std::size_t steps) {
  const clear::Tables tables = clear::load(job, data);
  const nn::Graph graph = build_model(job);
  Workers workers(1);
  plain::DoubleEngine engine(Compute{ring_kernels(detect_isa()), workers});
  fn::Ctx ctx{engine, job.fraction_bits};
  nn::TrainState state = nn::initial_state(ctx, graph, job.training);
  clear::Examples examples(tables.train);
  auto largest = [&](const Secret<Real>& x) {
    double out = 0;
    for (double v : clear::value_of(engine, x).values) out = std::max(out, std::fabs(v));
    return out;
  };
  Sizes out;
  nn::TrainHooks hooks;
  hooks.goes_on = [&](std::size_t step) { return step < steps; };
  hooks.after_forward = [&](const nn::ForwardInfo& info) {
    out.nodes.emplace_back();
    for (const nn::Node& node : graph.nodes)
      out.nodes.back().emplace_back(node.name, largest(info.tape.values[node.output]->secret("a test")));
  };
  hooks.after_step = [&](const nn::StepInfo& info) {
    if (info.step > 0) return;
    const auto ids = graph.parameters();
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const auto now = clear::value_of(engine, state.parameters[i]).values;
      for (std::size_t k = 0; k < now.size(); ++k)
        out.first_change =
            std::max(out.first_change, std::fabs(now[k] - graph.values[ids[i]].initial.values[k]));
    }
  };
  nn::train(ctx, graph, state, examples, job.training, hooks);
  return out;
}

TEST(Comparison, OfATrainingThatRunsAwayNamesTheLayerAndTheRange) {
  const std::vector<std::string> data{runaway_data(40, 1), runaway_data(30, 2)};
  // With 16 fractional bits, results stay below 2^30, and steps, whose factor has 13 digits, below 2^17. By
  // doubles alone: nothing leaves that in the first batch, and the last layer's result in the second.
  std::string last;
  {
    const ScratchFolder folder;
    const Cast cast = testing::cast_of(folder, runaway_job(), data);
    const Sizes sizes = sizes_in_doubles(cast.job, cast.data, 2);
    ASSERT_EQ(sizes.nodes.size(), 2u);
    for (const auto& [name, size] : sizes.nodes[0]) EXPECT_LT(size, 0x1p28) << name;
    ASSERT_LT(sizes.first_change, 0x1p16);
    last = sizes.nodes[1].back().first;
    for (const auto& [name, size] : sizes.nodes[1])
      if (name == last)
        ASSERT_GT(size, 0x1p31) << name;
      else
        ASSERT_LT(size, 0x1p28) << name;
  }
  const auto [report, steps] = compared(runaway_job(), data);
  ASSERT_TRUE(report.first.has_value()) << in_words(report);
  const ComparisonReport::Divergence& d = *report.first;
  EXPECT_EQ(d.batch, 1u);
  EXPECT_EQ(d.layer, last);
  EXPECT_EQ(d.place, "layer " + last + ", forward");
  EXPECT_TRUE(d.range);
  EXPECT_GT(d.relative, 0.25);
  EXPECT_LT(d.proposed_fraction_bits.value_or(8), 16u);
  EXPECT_EQ(report.batches, 2u);
  EXPECT_NE(in_words(report).find("the cause is range"), std::string::npos) << in_words(report);
}

TEST(Comparison, OfStepsSmallerThanADigitNamesPrecisionAndDigitsThatAreEnough) {
  const auto [report, steps] = compared_classes(classes_job(8, 0.001, 3));
  ASSERT_TRUE(report.first.has_value()) << in_words(report);
  const ComparisonReport::Divergence& d = *report.first;
  EXPECT_FALSE(d.range);
  EXPECT_EQ(d.place, "layer dense2, update of its weights") << "gradients come to the last layer first";
  EXPECT_EQ(d.layer, "dense2");
  EXPECT_GT(d.relative, 0.25);
  EXPECT_LT(d.exact, 1.0 / 256) << "a step is less than a unit in the last place";
  ASSERT_TRUE(d.proposed_fraction_bits.has_value());
  EXPECT_GT(*d.proposed_fraction_bits, 8u);
  EXPECT_NE(in_words(report).find("the cause is precision"), std::string::npos) << in_words(report);
  // That was tried on that batch and the weights of this run. With others, and later, more digits still may
  // be needed, and are proposed then.
  unsigned digits = *d.proposed_fraction_bits;
  for (int tries = 0; tries < 4; ++tries) {
    const auto [better, all] = compared_classes(classes_job(digits, 0.001, 3));
    if (!better.first) {
      EXPECT_EQ(better.batches, all);
      return;
    }
    EXPECT_GE(better.first->batch, d.batch);
    ASSERT_TRUE(better.first->proposed_fraction_bits.has_value()) << in_words(better);
    ASSERT_GT(*better.first->proposed_fraction_bits, digits) << in_words(better);
    digits = *better.first->proposed_fraction_bits;
  }
  ADD_FAILURE() << "no proposal was enough; the last was " << digits;
}

TEST(Comparison, OfDataTooSmallForTheDigitsNamesTheData) {
  std::string job = replaced(classes_job(8, 0.1, 1),
                             "range = [-1, 1], scaling = \"none\" },\n  { name = \"b\", type = "
                             "\"number\", range = [0, 100] }",
                             "range = [-1, 1], scaling = \"none\" },\n"
                             "  { name = \"b\", type = \"number\", range = [-1, 1], scaling = \"none\" }");
  // Regression of a number that is not 0 either: targets are among the data.
  job = replaced(job, R"({ name = "sort", type = "category", values = ["x", "y", "z"] })",
                 R"({ name = "y", type = "number", range = [-1, 1], scaling = "none" })");
  job = replaced(job, "metric = \"accuracy\"", "metric = \"mse\"");
  job = replaced(job, "softmax_cross_entropy", "squared_error");
  std::string data = "a,b,y\n";
  std::mt19937_64 random(5);
  for (int i = 0; i < 40; ++i)
    data += fmt::format("{},{},{}\n", static_cast<double>(random() % 100) / 1e5,
                        static_cast<double>(random() % 100) / 1e5, static_cast<double>(random() % 100) / 1e5);
  const auto [report, steps] = compared(job, {data, data});
  ASSERT_TRUE(report.first.has_value()) << in_words(report);
  EXPECT_EQ(report.first->place, "the data");
  EXPECT_TRUE(report.first->layer.empty());
  EXPECT_FALSE(report.first->range);
}

TEST(Comparison, IsSaidToBeOfNothingBeforeItBegins) {
  const ScratchFolder folder;
  const Cast cast = testing::cast_of(folder, testing::tiny_classes_job(),
                                     {testing::tiny_classes_data(40, 1), testing::tiny_classes_data(30, 2)});
  RunComparison comparison(cast.job, cast.data);
  EXPECT_EQ(comparison.report().batches, 0u);
  EXPECT_TRUE(comparison.tap().wants(0));
  EXPECT_EQ(in_words(comparison.report()), "No batch was compared with double precision");
}

}  // namespace
}  // namespace tacit
