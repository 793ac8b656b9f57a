// Whole networks: they answer as in double precision, share memory between layers, run on many threads at a
// time, and leave nothing in memory.
#include "tacit/runtime/model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "tacit/base/error.h"
#include "tacit/nn/ops/ops.h"
#include "tacit/nn/testing/onnx_models.h"
#include "tacit/runtime/rows.h"

namespace tacit::runtime {
namespace {

using tacit::testing::wave;
using Integers = std::vector<std::int64_t>;

FloatTensor floats_of(const PublicTensor& t) { return {t.shape, {t.values.begin(), t.values.end()}}; }

void expect_close(const Shape& shape, const std::vector<double>& got, const PublicTensor& want) {
  ASSERT_EQ(shape, want.shape);
  double largest = 0;
  for (const double v : want.values) largest = std::max(largest, std::fabs(v));
  for (std::size_t i = 0; i < want.values.size(); ++i)
    ASSERT_NEAR(got[i], want.values[i], 1e-5 * largest) << i;
}
void expect_close(const FloatTensor& got, const PublicTensor& want) {
  expect_close(got.shape, {got.values.begin(), got.values.end()}, want);
}

/// Convolutions with and without groups, strides and borders, a residual sum, pools and a dense layer.
nn::Graph images() {
  nn::Graph g;
  const auto own = [&](const char* name, const Shape& shape, double scale) {
    return g.add_parameter(name, wave(shape, scale));
  };
  const auto x = g.add_input("x", {1, 3, 11, 13});
  const nn::Attrs around{{"pads", Integers{1, 1, 1, 1}}};
  nn::Attrs apart = around, groups = around, each = around;
  apart.set("strides", Integers{2, 2});
  groups.set("group", std::int64_t{2});
  each.set("group", std::int64_t{8});
  auto y = g.add_node(nn::kConv, "c1", {x, own("w1", {8, 3, 3, 3}, 0.3), own("b1", {8}, 0.1)}, around);
  y = g.add_node(nn::kRelu, "r1", {y});
  const auto kept = y;
  y = g.add_node(nn::kConv, "c2", {y, own("w2", {8, 4, 3, 3}, 0.2)}, groups);
  y = g.add_node(nn::kClip, "r2", {y}, {{"min", 0.0}, {"max", 6.0}});
  y = g.add_node(nn::kConv, "c3", {y, own("w3", {8, 1, 3, 3}, 0.3), own("b3", {8}, 0.2)}, each);
  y = g.add_node(nn::kAdd, "a", {y, kept});
  y = g.add_node(nn::kRelu, "r3", {y});
  y = g.add_node(nn::kConv, "c4", {y, own("w4", {10, 8, 3, 3}, 0.2)}, apart);
  y = g.add_node(nn::kMaxPool, "p", {y}, {{"kernel_shape", Integers{2, 2}}, {"strides", Integers{2, 2}}});
  y = g.add_node(nn::kConv, "c5", {y, own("w5", {12, 10, 1, 1}, 0.3)});
  y = g.add_node(nn::kSigmoid, "s", {y});
  y = g.add_node(nn::kFlatten, "f", {y});
  y = g.add_node(nn::kGemm, "g", {y, own("w6", {5, 108}, 0.1), own("b6", {5}, 1)},
                 {{"transB", std::int64_t{1}}});
  g.outputs = {y};
  return g;
}

class Models : public ::testing::Test {
 protected:
  OrdinaryMemory memory;
  Workers workers{1};
};

TEST_F(Models, AnswerAsInDoublePrecision) {
  const nn::Graph graph = images();
  Workers two(2);
  for (const Isa isa : runnable_isas())
    for (Workers* w : {&workers, &two}) {
      const Model model(images(), memory, *w, isa);
      for (const std::size_t rows : {1u, 2u, 5u}) {
        const PublicTensor x = wave({rows, 3, 11, 13});
        const FloatTensor in = floats_of(x);
        expect_close(model.run({&in, 1})[0], tacit::testing::run(graph, {x})[0]);
      }
    }
}

/// A linear layer as PyTorch exports it: a weight that is turned, a product, a sum, and a Relu.
nn::Graph linear(bool told) {
  nn::Graph g;
  const auto x = g.add_input("x", {1, 3, 20});
  const auto w = g.add_node(nn::kTranspose, "t", {g.add_parameter("w", wave({24, 20}, 0.2))});
  const auto y = g.add_node(nn::kMatMul, "m", {x, w});
  const auto z = g.add_node(nn::kAdd, "a", {g.add_parameter("b", wave({24})), y});
  g.outputs = {g.add_node(nn::kRelu, "r", {z})};
  if (told) g.outputs.push_back(y);
  return g;
}

TEST_F(Models, DoSeveralNodesAtOnceWhereNobodyElseTakesTheirResults) {
  for (const bool told : {false, true}) {
    const nn::Graph graph = linear(told);
    const Model model(linear(told), memory, workers);
    const PublicTensor x = wave({4, 3, 20});
    const FloatTensor in = floats_of(x);
    const auto got = model.run({&in, 1});
    const auto want = tacit::testing::run(graph, {x});
    ASSERT_EQ(got.size(), want.size());
    for (std::size_t o = 0; o < got.size(); ++o) expect_close(got[o], want[o]);
  }
  const nn::Graph graph = linear(false);
  Weights none;
  ASSERT_EQ(items_of(graph).size(), 3u) << "a weight that is a result can be no bias's partner";
  for (const nn::ValueInfo& v : graph.values) {
    none.numbers.emplace_back(memory, v.initial.values.size());
    std::copy(v.initial.values.begin(), v.initial.values.end(), none.numbers.back().data());
  }
  nn::Graph turned = graph;
  compute_own(turned, none, float_kernels(detect_isa()), memory, workers);
  EXPECT_EQ(items_of(turned).size(), 1u);
}

TEST_F(Models, HaveTheirWeightsOnce) {
  const Model model(linear(false), memory, workers);
  // Packed, with what fills the last panel, and the bias.
  EXPECT_LE(model.weight_numbers(), 20u * 64 + 24);
}

TEST_F(Models, ShareMemoryBetweenLayers) {
  const auto chain = [](std::size_t length) {
    nn::Graph g;
    auto y = g.add_input("x", {1, 1000});
    for (std::size_t i = 0; i < length; ++i) {
      y = g.add_node(nn::kTranspose, fmt::format("t{}", i), {y});  // not where its operand is
      y = g.add_node(nn::kTanh, fmt::format("h{}", i), {y});       // there
    }
    g.outputs = {y};
    return g;
  };
  const Model few(chain(2), memory, workers), many(chain(20), memory, workers);
  EXPECT_EQ(many.plan({{1, 1000}})->workspace(1), few.plan({{1, 1000}})->workspace(1));
  EXPECT_LE(many.plan({{1, 1000}})->workspace(1), 2048u);
  const nn::Graph graph = chain(20);
  const PublicTensor x = wave({3, 1000});
  const FloatTensor in = floats_of(x);
  expect_close(many.run({&in, 1})[0], tacit::testing::run(graph, {x})[0]);
}

/// Where the result of a node is written over an operand that another node, or another name, still needs.
TEST_F(Models, WriteOverNothingThatIsNeeded) {
  const auto build = [] {
    nn::Graph g;
    const auto x = g.add_input("x", {1, 6});
    const auto a = g.add_node(nn::kTanh, "a", {x});
    const auto same = g.add_node(nn::kReshape, "s", {a}, {{"shape", Integers{-1, 2, 3}}});
    const auto b = g.add_node(nn::kNeg, "b", {a});
    const auto c = g.add_node(nn::kReshape, "c", {same}, {{"shape", Integers{-1, 6}}});
    const auto d = g.add_node(nn::kMul, "d", {c, b});
    g.add_node(nn::kExp, "nobody", {d});
    const auto e =
        g.add_node(nn::kSum, "e", {d, d, g.add_node(nn::kMul, "m", {d, g.add_constant("-2", {{}, {-2}})})});
    g.outputs = {g.add_node(nn::kAdd, "f", {e, a}), x, same};
    return g;
  };
  const nn::Graph graph = build();
  const Model model(build(), memory, workers);
  const PublicTensor x = wave({2, 6});
  const FloatTensor in = floats_of(x);
  const auto got = model.run({&in, 1});
  const auto want = tacit::testing::run(graph, {x});
  ASSERT_EQ(got.size(), 3u);
  expect_close(got[1], want[1]);
  for (const std::size_t o : {0u, 2u}) {
    ASSERT_EQ(got[o].shape, want[o].shape);
    for (std::size_t i = 0; i < want[o].values.size(); ++i)
      EXPECT_NEAR(got[o].values[i], std::tanh(x.values[i]), 1e-6);
  }
}

TEST_F(Models, RunOnManyThreadsAtATime) {
  Workers two(2);
  const Model model(images(), memory, two);
  const FloatTensor x = floats_of(wave({2, 3, 11, 13}));
  const auto want = model.run({&x, 1})[0].values;
  std::vector<std::vector<float>> got(64);
  std::vector<std::thread> threads;
  for (auto& g : got) threads.emplace_back([&] { g = model.run({&x, 1})[0].values; });
  for (auto& t : threads) t.join();
  for (const auto& g : got) EXPECT_EQ(g, want);
}

struct Counting final : Memory {
  float* take(std::size_t n) override {
    held += n;
    return ordinary.take(n);
  }
  void give_back(float* at, std::size_t n) noexcept override {
    held -= n;
    ordinary.give_back(at, n);
  }
  OrdinaryMemory ordinary;
  std::atomic<std::size_t> held{0};
};

TEST(Memory, IsKeptUpToABoundForWhoeverTakesAsMuch) {
  Counting counting;
  {
    KeptMemory kept(counting, 100);
    float* const first = kept.take(60);
    float* const second = kept.take(60);
    kept.give_back(first, 60);
    EXPECT_EQ(counting.held, 120u);
    kept.give_back(second, 60);  // there is no room for it, too
    EXPECT_EQ(counting.held, 60u);
    EXPECT_EQ(kept.take(60), first);
    float* const other = kept.take(40);
    EXPECT_EQ(counting.held, 100u);
    kept.give_back(first, 60);
    kept.give_back(other, 40);
    EXPECT_EQ(counting.held, 100u);
    // What is kept is zeroed by whoever had it.
    Buffer buffer(kept, 40);
    std::fill_n(buffer.data(), 40, 1.0f);
    buffer = Buffer();
    Buffer again(kept, 40);
    EXPECT_TRUE(std::all_of(again.data(), again.data() + 40, [](float v) { return v == 0; }));
  }
  EXPECT_EQ(counting.held, 0u);
}

/// All of a model, and of a run, lies in the memory that it was given, and is given back.
TEST_F(Models, LieInTheMemoryThatTheyAreGiven) {
  Counting counting;
  {
    const Model model(images(), counting, workers);
    EXPECT_EQ(counting.held, model.weight_numbers());
    const FloatTensor x = floats_of(wave({2, 3, 11, 13}));
    model.run({&x, 1});
    EXPECT_GE(counting.held, model.weight_numbers() + model.plan({x.shape})->workspace(1));
  }
  EXPECT_EQ(counting.held, 0u);
  LockedMemory locked;  // of which every machine has some
  nn::Graph g;
  const auto x = g.add_input("x", {1, 4});
  g.outputs = {g.add_node(nn::kMatMul, "m", {x, g.add_parameter("w", wave({4, 4}))})};
  const Model model(std::move(g), locked, workers);
  const FloatTensor in{{1, 4}, {1, 0, 0, 0}};
  EXPECT_NEAR(model.run({&in, 1})[0].values[1], std::sin(2.7), 1e-6);
}

TEST_F(Models, RefuseWhatDoesNotFit) {
  const Model model(images(), memory, workers);
  const FloatTensor wrong = floats_of(wave({2, 4, 11, 13})), cut{{1, 3, 11, 13}, {1, 2}};
  EXPECT_THROW(model.run({&wrong, 1}), UsageError);
  EXPECT_THROW(model.run({&cut, 1}), UsageError);
  EXPECT_THROW(model.run({}), UsageError);
}

TEST(RowsOfAModel, AreAskedInBatches) {
  const nn::Graph graph = images();
  const Rows rows(images(), "the model 'x'", 1);
  EXPECT_EQ(rows.example(), (Shape{3, 11, 13}));
  const PublicTensor x = wave({70, 3, 11, 13}), want = tacit::testing::run(graph, {x})[0], got = rows.run(x);
  expect_close(got.shape, got.values, want);
  EXPECT_THROW(rows.run(wave({3, 11, 13})), UsageError);
  EXPECT_THROW(rows.run({{2, 3, 11, 13}, {1, 2, 3}}), UsageError);
}

TEST(RowsOfAModel, AreOfOneInputAndOneOutput) {
  try {
    Rows(linear(true), "the model 'x'", 1);
    FAIL();
  } catch (const UsageError& e) {
    EXPECT_STREQ(e.what(),
                 "the model 'x' has 1 inputs and 2 outputs, and cannot be asked: it needs one of each");
  }
}

}  // namespace
}  // namespace tacit::runtime
