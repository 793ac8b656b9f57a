// Every kind of layer in a small network: shapes, a training step that changes every parameter, and on aby3
// the same as on doubles; every mistake in an attribute.
#include "tacit/nn/layers/layers.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tacit/base/error.h"
#include "tacit/nn/graph/score_bound.h"
#include "tacit/nn/testing/examples.h"

namespace tacit::nn {
namespace {

using testing::on_aby3;
using testing::on_doubles;
using testing::on_fixed;
using testing::open;
using testing::open_all;
using testing::share;

LayerSpec spec(std::string kind, Attrs attrs = {}, std::vector<LayerSpec> inner = {}) {
  return {std::move(kind), std::move(attrs), std::move(inner), {}};
}
std::vector<std::int64_t> list(std::initializer_list<std::int64_t> values) { return values; }

struct Example {
  std::string kind;
  std::vector<LayerSpec> layers;
  Shape input, output;
};

std::vector<Example> examples() {
  const Shape image{2, 6, 6}, flat{5};
  const auto three = std::int64_t{3};
  return {
      {"average_pool", {spec("average_pool", {{"kernel", std::int64_t{2}}})}, image, {2, 3, 3}},
      {"batch_norm", {spec("batch_norm")}, image, image},
      {"clip", {spec("clip", {{"low", -0.5}, {"high", 0.5}})}, flat, flat},
      {"conv2d",
       {spec("conv2d", {{"channels", std::int64_t{4}},
                        {"kernel", list({3, 2})},
                        {"stride", std::int64_t{2}},
                        {"padding", list({1, 0})},
                        {"groups", std::int64_t{2}}})},
       image,
       {4, 3, 3}},
      {"dense", {spec("dense", {{"units", three}})}, image, {3}},
      {"dropout", {spec("dropout", {{"ratio", 0.25}})}, flat, flat},
      {"elu", {spec("elu")}, flat, flat},
      {"flatten", {spec("flatten")}, image, {72}},
      {"gelu", {spec("gelu")}, flat, flat},
      {"global_average_pool", {spec("global_average_pool")}, image, {2, 1, 1}},
      {"hard_sigmoid", {spec("hard_sigmoid")}, flat, flat},
      {"hard_swish", {spec("hard_swish")}, flat, flat},
      {"layer_norm", {spec("layer_norm")}, flat, flat},
      {"leaky_relu", {spec("leaky_relu", {{"slope", 0.1}})}, flat, flat},
      {"max_pool",
       {spec("max_pool", {{"kernel", three}, {"stride", std::int64_t{1}}, {"padding", std::string("same")}})},
       image,
       image},
      {"relu", {spec("relu")}, flat, flat},
      {"reshape", {spec("reshape", {{"shape", list({8, 9})}})}, image, {8, 9}},
      {"residual",
       {spec("residual", {},
             {spec("conv2d", {{"channels", three},
                              {"kernel", three},
                              {"stride", std::int64_t{2}},
                              {"padding", std::string("same")}}),
              spec("relu")})},
       image,
       {3, 3, 3}},
      {"sigmoid", {spec("sigmoid")}, flat, flat},
      {"softplus", {spec("softplus")}, flat, flat},
      {"tanh", {spec("tanh")}, flat, flat},
  };
}

Shape with_batch(Shape example, std::size_t batch) {
  example.insert(example.begin(), batch);
  return example;
}

PublicTensor wave(const Shape& shape, double step) {
  PublicTensor t{shape, std::vector<double>(elements(shape))};
  for (std::size_t i = 0; i < t.values.size(); ++i)
    t.values[i] = std::sin(step * static_cast<double>(i) + 0.4);
  return t;
}

/// One epoch on six examples; the parameters after it.
std::vector<PublicTensor> trained(Ctx& ctx, const Graph& graph, const Shape& input) {
  Parameters parameters = initial_parameters(ctx, graph);
  testing::TableExamples data(ctx, wave(with_batch(input, 6), 0.7), wave({6, 2}, 1.3));
  TrainSettings settings;
  settings.epochs = 1;
  settings.batch = 3;
  settings.loss = "squared_error";
  settings.optimiser.rate = 0.01;
  train(ctx, graph, parameters, data, settings, {});
  return open_all(ctx, parameters);
}

TEST(Layers, EveryKindHasItsShapeAndTrainsOnAby3AsOnDoubles) {
  std::vector<std::string> covered;
  for (const Example& e : examples()) {
    SCOPED_TRACE(e.kind);
    covered.push_back(e.kind);
    const Graph alone = build_graph(e.input, e.layers, 1, 7);
    EXPECT_EQ(alone.values[alone.outputs[0]].shape, with_batch(e.output, 1));

    // Between two others, so that gradients pass through it.
    std::vector<LayerSpec> layers{
        spec("conv2d", {{"channels", std::int64_t{2}}, {"kernel", std::int64_t{1}}})};
    if (e.input.size() == 1) layers = {spec("dense", {{"units", static_cast<std::int64_t>(e.input[0])}})};
    layers.insert(layers.end(), e.layers.begin(), e.layers.end());
    layers.push_back(spec("dense"));
    const Graph graph = build_graph(e.input, layers, 2, 7);
    std::vector<PublicTensor> expected;
    on_doubles([&](Ctx& ctx) { expected = trained(ctx, graph, e.input); });
    const auto ids = graph.parameters();
    for (std::size_t p = 0; p < ids.size(); ++p)
      EXPECT_NE(expected[p].values, graph.values[ids[p]].initial.values)
          << graph.values[ids[p]].name << " was not trained";
    on_aby3([&](Ctx& ctx, Party&, const Profile&) {
      const auto got = trained(ctx, graph, e.input);
      for (std::size_t p = 0; p < got.size(); ++p)
        for (std::size_t i = 0; i < got[p].values.size(); ++i)
          ASSERT_NEAR(got[p].values[i], expected[p].values[i], 0.01) << graph.values[ids[p]].name << " " << i;
    });
  }
  std::vector<std::string> all;
  for (const Layer* layer : all_layers()) all.emplace_back(layer->kind);
  EXPECT_EQ(covered, all) << "every kind has a row, in the table's order";
}

// The bound that a report declares of an exported model, on every kind of layer that has one.
TEST(Layers, FixedPointScoresStayWithinTheDeclaredBound) {
  std::vector<std::string> unbounded;
  for (const Example& e : examples()) {
    SCOPED_TRACE(e.kind);
    std::vector<LayerSpec> layers = e.layers;
    layers.push_back(spec("dense"));
    const Graph graph = build_graph(e.input, layers, 3, 7);
    std::vector<PublicTensor> parameters;
    // What the private parties hold: numbers on the grid.
    on_fixed([&](Ctx& ctx) { parameters = open_all(ctx, initial_parameters(ctx, graph)); });
    const auto bound = score_bound(graph, parameters, testing::kFrac);
    if (!bound) {
      unbounded.push_back(e.kind);
      continue;
    }
    EXPECT_LT(*bound, 0.01);
    const PublicTensor examples = wave(with_batch(e.input, 6), 0.7);
    auto scores = [&](Ctx& ctx) {
      Parameters shared;
      for (const PublicTensor& p : parameters) shared.push_back(share(ctx, p));
      const Secret<Real> in = share(ctx, examples);
      return open(ctx, forward(ctx, graph, shared, {&in, 1})[0]);
    };
    PublicTensor exact;
    on_doubles([&](Ctx& ctx) { exact = scores(ctx); });
    auto within = [&](Ctx& ctx) {
      const PublicTensor got = scores(ctx);
      for (std::size_t i = 0; i < got.values.size(); ++i)
        ASSERT_NEAR(got.values[i], exact.values[i], *bound) << i;
    };
    on_fixed(within);
    on_aby3([&](Ctx& ctx, Party&, const Profile&) { within(ctx); });
  }
  EXPECT_EQ(unbounded, (std::vector<std::string>{"batch_norm", "layer_norm"}));
}

TEST(Layers, AModelThatNoMachineHoldsIsRefusedBeforeItTakesMemory) {
  const std::vector<LayerSpec> layers{spec("dense", {{"units", std::int64_t{1} << 20}})};
  try {
    build_graph({1 << 20}, layers, 2, 1);
    FAIL() << "was built";
  } catch (const UsageError& e) {
    EXPECT_NE(std::string(e.what()).find("layer 'dense1': would have"), std::string::npos) << e.what();
  }
}

TEST(Layers, NamedNetworksHaveTheirParameters) {
  const std::pair<std::string, std::size_t> counts[] = {
      {"A", 118282}, {"B", 33542}, {"C", 431080}, {"D", 99240}, {"linear", 7850}};
  for (const auto& [name, count] : counts) {
    const Shape input = name == "A" ? Shape{784} : Shape{1, 28, 28};
    EXPECT_EQ(build_graph(input, network_named(name), 10, 1).parameter_count(), count) << name;
  }
  for (std::string_view name : network_names()) EXPECT_FALSE(network_named(name).empty());
  EXPECT_THROW(network_named("E"), UsageError);
}

TEST(Layers, InitialWeightsFollowFromTheSeedAlone) {
  const auto layers = network_named("mlp");
  const Graph a = build_graph({9}, layers, 3, 5), b = build_graph({9}, layers, 3, 5),
              c = build_graph({9}, layers, 3, 6);
  const ValueId w = a.parameters()[0];
  EXPECT_EQ(a.values[w].initial.values, b.values[w].initial.values);
  EXPECT_NE(a.values[w].initial.values, c.values[w].initial.values);
  const double limit = std::sqrt(6.0 / 9);
  for (double v : a.values[w].initial.values) EXPECT_LE(std::fabs(v), limit);
}

void expect_refused(const LayerSpec& layer, const std::string& words) {
  try {
    check_layer(layer);
    ADD_FAILURE() << "accepted: " << words;
  } catch (const UsageError& e) {
    EXPECT_NE(std::string(e.what()).find(words), std::string::npos) << e.what();
  }
}

TEST(Layers, MistakesAreNamed) {
  expect_refused(spec("dens"), "did you mean 'dense'");
  expect_refused(spec("dense", {{"unit", std::int64_t{3}}}), "did you mean 'units'");
  expect_refused(spec("dense", {{"units", std::int64_t{0}}}), "must lie between 1");
  expect_refused(spec("dense", {{"units", 2.5}}), "whole number");
  expect_refused(spec("relu", {{"slope", 0.1}}), "has no 'slope'");
  expect_refused(spec("conv2d", {{"kernel", std::int64_t{3}}}), "needs channels");
  expect_refused(spec("conv2d", {{"channels", std::int64_t{3}}, {"kernel", list({3, 3, 3})}}),
                 "[height, width]");
  expect_refused(spec("conv2d", {{"channels", std::int64_t{3}}, {"kernel", list({3, -3})}}), "not -3");
  expect_refused(spec("max_pool", {{"kernel", std::int64_t{2}}, {"padding", std::string("full")}}),
                 "\"same\"");
  expect_refused(spec("relu", {}, {spec("relu")}), "no inner layers");
  expect_refused(spec("residual", {}, {spec("rely")}), "did you mean 'relu'");
  EXPECT_THROW(
      build_graph({5},
                  std::vector{spec("conv2d", {{"channels", std::int64_t{1}}, {"kernel", std::int64_t{1}}})},
                  1, 1),
      UsageError);
  EXPECT_THROW(
      build_graph({5}, std::vector{spec("residual", {}, {spec("dense", {{"units", std::int64_t{3}}})})}, 1,
                  1),
      UsageError);
  LayerSpec named = spec("relu");
  named.name = "twin";
  EXPECT_THROW(build_graph({5}, std::vector{named, named}, 1, 1), UsageError);
}

}  // namespace
}  // namespace tacit::nn
