// Range analysis: what it says holds for every input in the declared range, and it sees where numbers may
// wrap, before anything runs.
#include "tacit/nn/graph/ranges.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tacit/nn/graph/execute.h"
#include "tacit/nn/layers/layer.h"
#include "tacit/nn/testing/engines.h"
#include "tacit/nn/testing/op_case.h"

namespace tacit::nn {
namespace {

using testing::uniform;

constexpr std::size_t kBatch = 5;

Graph network(const std::vector<const char*>& kinds) {
  std::vector<LayerSpec> layers;
  for (const char* kind : kinds) {
    Attrs attrs;
    if (std::string(kind) == "conv2d") attrs = {{"channels", std::int64_t{3}}, {"kernel", std::int64_t{3}}};
    if (std::string(kind) == "average_pool") attrs = {{"kernel", std::int64_t{2}}};
    if (std::string(kind) == "dense" && layers.size() + 1 < kinds.size())
      attrs = {{"units", std::int64_t{7}}};
    layers.push_back({kind, std::move(attrs), {}, fmt::format("{}{}", kind, layers.size())});
  }
  return build_graph({1, 6, 6}, layers, 2, 1);
}

TEST(RangeAnalysis, HoldsForEveryInputInTheRange) {
  const std::vector<const char*> networks[] = {{"conv2d", "average_pool", "relu", "flatten", "dense"},
                                               {"flatten", "dense", "tanh", "dense", "sigmoid", "dense"},
                                               {"conv2d", "batch_norm", "relu", "flatten", "dense"}};
  for (const auto& kinds : networks)
    for (double most : {1.0, 50.0}) {
      const Graph g = network(kinds);
      const auto ranges = range_analysis(g, -most, most, kBatch, testing::kFrac);
      ASSERT_EQ(ranges.size(), g.nodes.size());
      // Corners of the range, where results are largest, and random inputs.
      for (std::uint64_t seed = 0; seed < 6; ++seed)
        testing::on_fixed([&](Ctx& ctx) {
          PublicTensor x = uniform({kBatch, 1, 6, 6}, -most, most, seed);
          if (seed < 3)
            for (double& v : x.values) v = v < 0 ? -most : most;
          const Secret<Real> inputs[] = {testing::share(ctx, x)};
          Tape tape;
          forward(ctx, g, initial_parameters(ctx, g), inputs, &tape);
          for (std::size_t n = 0; n < g.nodes.size(); ++n) {
            EXPECT_EQ(ranges[n].name, g.nodes[n].name);
            for (double v : testing::open(ctx, tape.values[g.nodes[n].output]->as_secret(ctx)).values) {
              EXPECT_GE(v, ranges[n].low) << ranges[n].name;
              EXPECT_LE(v, ranges[n].high) << ranges[n].name;
            }
          }
        });
    }
}

TEST(RangeAnalysis, IsExactWhereItCanBeSaidInALine) {
  // Three inputs in [-2, 2] times weights of 1/2, a bias of 1: [-3 + 1, 3 + 1], and a unit for rounding.
  Graph g;
  const ValueId x = g.add_input("x", {1, 3});
  ValueId y =
      g.add_node(*find_op("Gemm"), "sum",
                 {x, g.add_parameter("w", {{3, 1}, {0.5, 0.5, 0.5}}), g.add_parameter("b", {{1}, {1}})});
  y = g.add_node(*find_op("Relu"), "bend", {y});
  g.outputs = {y};
  const auto ranges = range_analysis(g, -2, 2, 1, 16);
  ASSERT_EQ(ranges.size(), 2u);
  const double unit = 1.0 / 65536;
  EXPECT_EQ(ranges[0].low, -2);
  EXPECT_EQ(ranges[0].high, 4 + unit);
  EXPECT_EQ(ranges[1].low, 0);
  EXPECT_EQ(ranges[1].high, 4 + unit);
  // The products are of 2·2^16 and 2^15, three of them: 3·2^32 has 34 bits, and a sign.
  EXPECT_EQ(ranges[0].spare_bits, 63 - 35);
  EXPECT_EQ(ranges[0].digits, 19u);  // 4·2^16 and one more
}

TEST(RangeAnalysis, SeesWhatMayWrap) {
  const auto spare = [](double most, unsigned frac) {
    int least = 63;
    for (const LayerRange& r :
         range_analysis(network({"flatten", "dense", "relu", "dense"}), 0, most, kBatch, frac))
      least = std::min(least, r.spare_bits);
    return least;
  };
  EXPECT_GT(spare(1, 16), 10);
  EXPECT_LT(spare(1e9, 16), 0);
  // A fractional bit more takes two bits of every product.
  EXPECT_EQ(spare(1, 16) - spare(1, 18), 4);
  EXPECT_GT(spare(1000, 12), spare(1000, 20));
}

}  // namespace
}  // namespace tacit::nn
