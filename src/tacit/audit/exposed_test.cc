// Thieves who have layers get what they can: affine layers exactly, and of others more than who has none.
#include "tacit/audit/exposed.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tacit/audit/testing/networks.h"

namespace tacit::audit {
namespace {

using nn::Graph;
using nn::ValueId;
using testing::asked;
using testing::network;

LearnSettings quick(std::size_t steps) {
  return {.epochs = 1, .least_steps = steps, .rate = 0.03, .seed = 3};
}
double agreement(const Graph& stolen, const Asked& a) {
  return fidelity_of(a.truth, testing::answers_of(stolen, a.held_out)).agreement;
}
Graph stolen(const Graph& model, Segment kept, Way way, const Asked& a, const LearnSettings& settings) {
  return steal_layers(model, weighted_layers(model), kept, way, a.known, settings, 1);
}

TEST(Exposed, AffineLayersAreSolvedByOneQuestionMoreThanNumbers) {
  const Graph g = network({8}, {6, 0, 5, 4, 3});
  const auto layers = weighted_layers(g);
  const auto solved = solve_layers(g, cut_of(g, layers, {2, 4}), 1000, 1);
  ASSERT_TRUE(solved);
  EXPECT_EQ(solved->queries, 7u);
  EXPECT_LT(solved->residual, 1e-6);
  const Asked a = asked(g, {1});
  EXPECT_LT(fidelity_of(a.truth, testing::answers_of(solved->model, a.held_out)).error, 1e-6);
  EXPECT_EQ(agreement(solved->model, a), 1);
  // None of it is what it was found from.
  for (std::size_t i = 1; i < 4; ++i)
    for (const ValueId v : layers[i].weights)
      for (const double x : solved->model.values[v].initial.values) EXPECT_EQ(x, 0);
}

TEST(Exposed, ConvolutionsAndPoolsAreSolvedToo) {
  Graph g;
  const ValueId x = g.add_input("x", {1, 2, 6, 6});
  PublicTensor w{{3, 2, 3, 3}, {}};
  for (std::size_t i = 0; i < 54; ++i) w.values.push_back(std::sin(1.0 + 2.0 * static_cast<double>(i)));
  const ValueId bent = g.add_node(*nn::find_op("Relu"), "bend", {x});
  const ValueId conv = g.add_node(*nn::find_op("Conv"), "conv",
                                  {bent, g.add_parameter("w", w), g.add_parameter("b", {{3}, {1, -1, 0.5}})});
  const ValueId pool = g.add_node(
      *nn::find_op("AveragePool"), "pool", {conv},
      {{"kernel_shape", std::vector<std::int64_t>{2, 2}}, {"strides", std::vector<std::int64_t>{2, 2}}});
  g.outputs = {g.add_node(*nn::find_op("Flatten"), "flat", {pool})};
  const auto layers = weighted_layers(g);
  ASSERT_EQ(layers.size(), 1u);
  const auto solved = solve_layers(g, cut_of(g, layers, {1, 1}), 1000, 1);
  ASSERT_TRUE(solved);
  EXPECT_EQ(solved->queries, 73u);
  EXPECT_LT(solved->residual, 1e-6);
  EXPECT_EQ(agreement(solved->model, asked(g, {1}, 50)), 1);
}

TEST(Exposed, WhatBendsOnceIsSolvedByMoreQuestions) {
  const Graph g = network({8}, {6, 0, 5, 0, 3});
  const auto layers = weighted_layers(g);
  const Asked a = asked(g, {1});
  for (const Segment kept : {Segment{1, 1}, Segment{2, 2}, Segment{2, 3}}) {
    const auto solved = solve_layers(g, cut_of(g, layers, kept), 10000, 1);
    ASSERT_TRUE(solved) << to_string(kept);
    EXPECT_LT(solved->residual, 1e-6);
    EXPECT_GT(solved->queries, 9u);
    EXPECT_LT(fidelity_of(a.truth, testing::answers_of(solved->model, a.held_out)).error, 1e-6);
    EXPECT_FALSE(solve_layers(g, cut_of(g, layers, kept), solved->queries - 1, 1));
  }
  // Two layers of Relus are more than that.
  EXPECT_FALSE(solve_layers(g, cut_of(g, layers, {1, 2}), 10000, 1));
  EXPECT_FALSE(solve_layers(g, cut_of(g, layers, {1, 3}), 10000, 1));
  EXPECT_EQ(solve_layers(g, cut_of(g, layers, {3, 3}), 10000, 1)->queries, 6u);
}

TEST(Exposed, WhoHasAllWeightsNeedsOneQuestion) {
  Graph g;
  const ValueId x = g.add_input("x", {1, 3});
  const ValueId w = g.add_parameter("w", {{3, 3}, {1, -2, 0.5, 0.3, 1.2, -1, 0.7, 0.1, -0.4}});
  const ValueId bent =
      g.add_node(*nn::find_op("Relu"), "bend", {g.add_node(*nn::find_op("MatMul"), "a", {x, w})});
  g.outputs = {g.add_node(*nn::find_op("MatMul"), "b", {bent, w})};
  const Asked a = asked(g, {1});
  EXPECT_EQ(agreement(stolen(g, {2, 2}, Way::Scores, a, quick(1)), a), 1);
}

TEST(Exposed, TheLastLayerAloneIsWorthLittle) {
  const Graph g = network({8}, {16, 0, 16, 0, 3});
  const Asked a = asked(g, {40});
  const double without = agreement(stolen(g, {1, 3}, Way::AllLayers, a, quick(300)), a);
  const double with = agreement(stolen(g, {3, 3}, Way::Scores, a, quick(300)), a);
  EXPECT_GT(with, without + 0.05);
  EXPECT_GT(with, 0.8);
}

TEST(Exposed, LayersAreTrainedOnTheirOwnResults) {
  const Graph g = network({8}, {10, 0, 3});
  const auto layers = weighted_layers(g);
  EXPECT_EQ(ways_for(g, layers, {1, 1}), (std::vector{Way::Results, Way::Scores, Way::AllLayers}));
  EXPECT_EQ(ways_for(g, layers, {2, 2}), (std::vector{Way::Scores, Way::AllLayers}));
  EXPECT_EQ(ways_for(g, layers, {1, 2}), std::vector{Way::AllLayers});
  const Asked a = asked(g, {100});
  const Graph found = stolen(g, {1, 1}, Way::Results, a, quick(300));
  EXPECT_GT(agreement(found, a), 0.85);
  // What was exposed is as it was, what was kept is not, and results of a start are worth less.
  for (const ValueId v : layers[1].weights)
    EXPECT_EQ(found.values[v].initial.values, g.values[v].initial.values);
  for (const ValueId v : layers[0].weights)
    EXPECT_NE(found.values[v].initial.values, g.values[v].initial.values);
  EXPECT_GT(agreement(found, a), agreement(forgotten(g, kept_weights(layers, {1, 1}), 3), a));
}

TEST(Exposed, ScoresTrainTheKeptLayersAloneOrAll) {
  const Graph g = network({8}, {6, 0, 3});
  const auto layers = weighted_layers(g);
  const Asked a = asked(g, {20});
  const Graph alone = stolen(g, {1, 1}, Way::Scores, a, quick(5));
  const Graph all = stolen(g, {1, 1}, Way::AllLayers, a, quick(5));
  for (const ValueId v : layers[1].weights) {
    EXPECT_EQ(alone.values[v].initial.values, g.values[v].initial.values);
    EXPECT_NE(all.values[v].initial.values, g.values[v].initial.values);
  }
  const Graph start = forgotten(g, kept_weights(layers, {1, 1}), 3);
  for (const ValueId v : layers[0].weights) {
    EXPECT_NE(alone.values[v].initial.values, start.values[v].initial.values);
    EXPECT_NE(all.values[v].initial.values, start.values[v].initial.values);
  }
}

}  // namespace
}  // namespace tacit::audit
