// State of a model: it is stored and exported with the parameters, follows the batches in training, and is
// what inference goes by.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "tacit/nn/graph/onnx_export.h"
#include "tacit/nn/graph/onnx_import.h"
#include "tacit/nn/testing/examples.h"
#include "tacit/nn/testing/op_case.h"

namespace tacit::nn {
namespace {

using testing::on_aby3;
using testing::on_doubles;
using testing::on_fixed;
using testing::uniform;

/// x of 3 channels, normalised, then summed up by a matrix product.
Graph normalising(Attrs attrs) {
  Graph g;
  const ValueId x = g.add_input("x", {1, 3});
  const ValueId scale = g.add_parameter("scale", {{3}, {1, 2, 0.5}}),
                bias = g.add_parameter("bias", {{3}, {0, 0, 1}}),
                mean = g.add_parameter("mean", {{3}, {0.5, 0, -1}}),
                variance = g.add_parameter("variance", {{3}, {1, 2, 4}});
  const ValueId y =
      g.add_node(kBatchNormalization, "norm", {x, scale, bias, mean, variance}, std::move(attrs));
  g.outputs = {g.add_node(kMatMul, "sum", {y, g.add_parameter("w", {{3, 1}, {1, 1, 1}})})};
  return g;
}

TEST(Graphs, StateIsAmongTheParametersButNotTrained) {
  const Graph g = normalising({{"momentum", 0.75}});
  EXPECT_EQ(g.parameters().size(), 5u);
  EXPECT_EQ(g.trained().size(), 3u);
  EXPECT_EQ(g.parameter_count(), 15u);
  const PublicTensor x = uniform({8, 3}, -2, 2, 5);
  auto body = [&](Ctx& ctx) {
    Parameters parameters = initial_parameters(ctx, g);
    const Secret<Real> inputs[] = {testing::share(ctx, x)};
    Tape tape;
    forward(ctx, g, parameters, inputs, &tape);
    update_state(ctx, g, tape, parameters);
    const auto ids = g.parameters();
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const ValueInfo& info = g.values[ids[i]];
      const PublicTensor now = testing::open(ctx, parameters[i]);
      for (std::size_t c = 0; c < now.values.size(); ++c) {
        double want = info.initial.values[c], mean = 0, variance = 0;
        for (std::size_t r = 0; r < 8; ++r) mean += x.values[r * 3 + c] / 8;
        for (std::size_t r = 0; r < 8; ++r) variance += std::pow(x.values[r * 3 + c] - mean, 2) / 8;
        if (info.name == "mean") want = 0.75 * want + 0.25 * mean;
        if (info.name == "variance") want = 0.75 * want + 0.25 * variance;
        EXPECT_NEAR(now.values[c], want, 4.0 / 65536) << info.name;
      }
    }
    // Inference goes by the state, not by the batch.
    const PublicTensor y = testing::open(ctx, forward(ctx, g, initial_parameters(ctx, g), inputs)[0]);
    const double mean[] = {0.5, 0, -1}, variance[] = {1, 2, 4}, scale[] = {1, 2, 0.5}, bias[] = {0, 0, 1};
    for (std::size_t r = 0; r < 8; ++r) {
      double want = 0;
      for (std::size_t c = 0; c < 3; ++c)
        want += (x.values[r * 3 + c] - mean[c]) / std::sqrt(variance[c]) * scale[c] + bias[c];
      EXPECT_NEAR(y.values[r], want, 2e-3);
    }
  };
  on_doubles(body);
  on_fixed(body);
  on_aby3([&](Ctx& ctx, Party&, const Profile&) { body(ctx); });
}

TEST(Graphs, FrozenStateStays) {
  const Graph g = normalising({{"training_mode", std::int64_t{0}}});
  on_fixed([&](Ctx& ctx) {
    Parameters parameters = initial_parameters(ctx, g);
    const Secret<Real> inputs[] = {testing::share(ctx, uniform({8, 3}, -2, 2, 5))};
    Tape tape;
    forward(ctx, g, parameters, inputs, &tape);
    update_state(ctx, g, tape, parameters);
    const auto ids = g.parameters();
    for (std::size_t i = 0; i < ids.size(); ++i)
      EXPECT_EQ(testing::open(ctx, parameters[i]).values, g.values[ids[i]].initial.values);
  });
}

TEST(Graphs, StateOutlivesAFile) {
  const Graph g = normalising({{"momentum", 0.5}});
  const PublicTensor x = uniform({6, 3}, -2, 2, 7), targets = uniform({6, 1}, -1, 1, 8);
  std::vector<PublicTensor> model;
  PublicTensor before, after;
  on_doubles([&](Ctx& ctx) {
    testing::TableExamples examples(ctx, x, targets);
    Parameters parameters = initial_parameters(ctx, g);
    train(ctx, g, parameters, examples, {.epochs = 3, .batch = 3, .loss = "squared_error"}, {});
    model = testing::open_all(ctx, parameters);
    const Secret<Real> inputs[] = {testing::share(ctx, x)};
    before = testing::open(ctx, forward(ctx, g, parameters, inputs)[0]);
  });
  const auto file = std::filesystem::path(::testing::TempDir()) / "tacit_state.onnx";
  std::ofstream(file, std::ios::binary) << export_onnx(g, model, {.name = "state", .properties = {}});
  const Graph back = import_onnx(file);
  std::filesystem::remove(file);
  EXPECT_EQ(back.parameters().size(), 5u);
  EXPECT_EQ(back.trained().size(), 3u);
  on_doubles([&](Ctx& ctx) {
    const Secret<Real> inputs[] = {testing::share(ctx, x)};
    after = testing::open(ctx, forward(ctx, back, initial_parameters(ctx, back), inputs)[0]);
  });
  ASSERT_EQ(after.shape, before.shape);
  for (std::size_t i = 0; i < after.values.size(); ++i) EXPECT_NEAR(after.values[i], before.values[i], 1e-5);
}

}  // namespace
}  // namespace tacit::nn
