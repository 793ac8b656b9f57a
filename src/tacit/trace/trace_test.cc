// Whose copy it was, after all that thieves do; and nobody's, where it is nobody's.
#include "tacit/trace/trace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tacit/nn/graph/onnx_import.h"
#include "tacit/nn/graph/onnx_tensor.h"
#include "tacit/trace/mark.h"
#include "tacit/trace/plain_model.h"
#include "tacit/trace/testing/traced_world.h"

namespace tacit::trace {
namespace {

using namespace tacit::testing;

/// A hundred customers, of whom some have leaked.
class Tracing : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    world = std::make_unique<TracedWorld>();
    for (int i = 0; i < 100; ++i) {
      const CopyHolder holder =
          world->customers.note(world->original, bytes_of(world->text), colluders_of(world->original),
                                "customer " + std::to_string(i), world->vendor, kNow);
      ids.push_back(holder.id);
    }
    thief = world->weights("customer 17");
    other = world->weights("customer 42");
  }
  static void TearDownTestSuite() { world.reset(), ids.clear(); }

  static constexpr sealed::Seconds kNow = 1'800'000'000;
  static std::unique_ptr<TracedWorld> world;
  static std::vector<Bytes> ids;
  static NetWeights thief, other;
};
std::unique_ptr<TracedWorld> Tracing::world;
std::vector<Bytes> Tracing::ids;
NetWeights Tracing::thief, Tracing::other;

TEST_F(Tracing, ACopyAsItIs) {
  const TraceResult r = world->trace(thief);
  ASSERT_TRUE(r.model.has_value());
  EXPECT_EQ(r.model->name, "a network");
  EXPECT_EQ(r.copies, 100u);
  EXPECT_EQ(r.suspicions.size(), 100u);
  EXPECT_GT(r.likeness, 0.999);
  EXPECT_EQ(r.weights_found, 1);
  EXPECT_EQ(r.suspicions[0].customer, "customer 17");
  EXPECT_TRUE(r.suspicions[0].named);
  EXPECT_FALSE(r.suspicions[1].named);
  EXPECT_GT(r.suspicions[0].score, 2 * r.threshold);
  EXPECT_LT(r.suspicions[0].log10_bound_over_all, -12);
  EXPECT_GT(r.suspicions[1].log10_bound, -6);
  EXPECT_NEAR(r.suspicions[0].log10_bound_over_all, r.suspicions[0].log10_bound + 2, 1e-9);
}

TEST_F(Tracing, NobodysModels) {
  EXPECT_EQ(world->named(world->own), "");
  EXPECT_EQ(world->named(moved(world->own, 0.1, 3)), "");
  const TraceResult unrelated = world->trace(net_weights(99));
  EXPECT_FALSE(unrelated.model.has_value());
  EXPECT_TRUE(unrelated.suspicions.empty());
  // A copy that some other vendor's database would know.
  TracedWorld elsewhere;
  EXPECT_EQ(world->named(elsewhere.weights("customer 17")), "");
}

TEST_F(Tracing, WhatThievesDo) {
  const std::string who = "customer 17";
  EXPECT_EQ(world->named(to_half(thief)), who);
  EXPECT_EQ(world->named(to_int8(thief)), who);
  EXPECT_EQ(world->named(pruned(thief)), who);
  EXPECT_EQ(world->named(moved(thief, 0.05, 1)), who);
  EXPECT_EQ(world->named(moved(thief, 0.1, 2)), who);
  EXPECT_EQ(world->named(shuffled(thief, 5, false)), who);
  EXPECT_EQ(world->named(shuffled(thief, 6, true)), who);
  EXPECT_EQ(world->named(net_without_units(thief, 20)), who);
  EXPECT_EQ(world->named(shuffled(to_int8(pruned(moved(thief, 0.05, 3))), 8, true)), who);
}

TEST_F(Tracing, TwoWhoMixTheirCopies) {
  const std::string both = "customer 17 customer 42";
  EXPECT_EQ(world->named(averaged({thief, other})), both);
  EXPECT_EQ(world->named(pruned(averaged({thief, other}))), both);
  EXPECT_EQ(world->named(to_int8(averaged({thief, other}))), both);
  EXPECT_EQ(world->named(shuffled(averaged({thief, other}), 9, true)), both);
  // Weight by weight from one or the other, and the larger, and the smaller.
  std::mt19937 source(1);
  NetWeights either = thief, larger = thief, smaller = thief;
  for (auto& [name, numbers] : either)
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const double a = numbers[i], b = other.at(name)[i];
      larger[name][i] = std::max(a, b);
      smaller[name][i] = std::min(a, b);
      if ((source() & 1) != 0) numbers[i] = b;
    }
  for (const NetWeights& mixed : {either, larger, smaller}) {
    const std::string named = world->named(mixed);
    EXPECT_FALSE(named.empty());
    EXPECT_NE(both.find(named), std::string::npos) << named;  // no innocent
  }
}

/// Each of the hundred with each other: of all 4,950 pairs one at least is named, and of the 98 others none.
TEST_F(Tracing, AnyTwoWhoAverageTheirCopies) {
  const std::vector<Layer>& layers = world->original.layers();
  Workers workers(1);
  const Code code = code_for(world->vendor, world->original.digest(), 2);
  std::vector<CodeWord> words;
  std::vector<std::vector<std::vector<double>>> changes;
  for (const Bytes& id : ids) {
    words.push_back(code.word(id));
    changes.push_back(changes_for(layers, code, words.back()));
  }
  std::size_t pairs = 0;
  for (std::size_t one = 0; one < ids.size(); ++one)
    for (std::size_t two = one + 1; two < ids.size(); ++two, ++pairs) {
      std::vector<Layer> mixed = layers;
      for (std::size_t n = 0; n < mixed.size(); ++n)
        for (std::size_t i = 0; i < mixed[n].weights.size(); ++i)
          mixed[n].weights[i] += (changes[one][n][i] + changes[two][n][i]) / 2;
      const Accusation found(code, symbols_of(layers, align(layers, mixed, workers), code));
      const double threshold = found.threshold(std::log(kFalseAccusation / static_cast<double>(ids.size())));
      std::size_t named = 0;
      for (std::size_t i = 0; i < words.size(); ++i) {
        if (found.score(words[i]) < threshold) continue;
        ASSERT_TRUE(i == one || i == two) << "customer " << i << " is innocent of " << one << " and " << two;
        ++named;
      }
      ASSERT_GE(named, 1u) << one << " and " << two;
    }
  EXPECT_EQ(pairs, 4950u);
}

/// Copies under many keys of vendors, all changed: every thief is named, and of all innocents none.
TEST_F(Tracing, UnderManyKeys) {
  const std::vector<Layer>& layers = world->original.layers();
  Workers workers(1);
  constexpr std::size_t kInnocents = 100;
  for (unsigned k = 0; k < 20; ++k) {
    const Identity vendor = Identity::generate();
    const Code code = code_for(vendor, world->original.digest(), 2);
    const auto changes = changes_for(layers, code, code.word(ids[0]));
    std::vector<Layer> leaked = layers;
    std::mt19937 source(k);
    std::normal_distribution<double> normal(0, 0.1);
    for (std::size_t n = 0; n < leaked.size(); ++n) {
      const auto scales = row_scales(leaked[n]);
      for (std::size_t i = 0; i < leaked[n].weights.size(); ++i)
        leaked[n].weights[i] += changes[n][i] + normal(source) * scales[i / leaked[n].columns];
    }
    const Accusation found(code, symbols_of(layers, align(layers, leaked, workers), code));
    const double threshold = found.threshold(std::log(kFalseAccusation / kInnocents));
    EXPECT_GE(found.score(code.word(ids[0])), threshold) << k;
    for (std::size_t i = 1; i < ids.size(); ++i)
      EXPECT_LT(found.score(code.word(ids[i])), threshold) << k << ": " << i;
  }
}

// ---- copies

TEST_F(Tracing, ACopyIsBoundedAndMeasured) {
  const CopyHolder holder{"somebody", Bytes(16), 0};
  const Code code = code_for(world->vendor, world->original.digest(), 2);
  Probe probe;
  probe.random = 64;
  const MarkedCopy copy = mark_copy(world->original, code, holder, probe);
  EXPECT_EQ(copy.positions, code.length());
  EXPECT_EQ(copy.carriers, 144u + 96 * 256 + 960);
  EXPECT_EQ(copy.change.examples, 64u);
  EXPECT_GT(copy.change.relative, 0.001);
  EXPECT_LT(copy.change.relative, kMostChange);
  // No weight moves by more than it may, biases not at all, and every one that may does.
  const NetWeights after = weights_in(copy.text);
  EXPECT_EQ(after.at("d.bias"), weights_in(world->text).at("d.bias"));
  for (const Layer& layer : world->original.layers()) {
    const auto scales = row_scales(layer);
    for (std::size_t i = 0; i < layer.weights.size(); ++i) {
      const double change = std::fabs(after.at(layer.name)[i] - layer.weights[i]);
      EXPECT_NEAR(change, kStrength * scales[i / layer.columns], 1e-6);
    }
  }
  // What is measured is what examples give.
  const ScratchFolder folder;
  const PublicTensor x = random_examples({1, 8, 8}, 64, 1);
  const auto a = run(net(world->own).import(folder), {x})[0], b = run(net(after).import(folder), {x})[0];
  double largest = 0, top = 0;
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    largest = std::max(largest, std::fabs(a.values[i] - b.values[i]));
    top = std::max(top, std::fabs(a.values[i]));
  }
  EXPECT_NEAR(copy.change.largest, largest, 1e-5 * top);  // of scores in float32
}

TEST_F(Tracing, TheSameCopyEveryTime) {
  EXPECT_EQ(weights_in(world->copy("customer 17")), thief);
  EXPECT_NE(thief, other);
  EXPECT_EQ(world->customers.copies(), 100u);
}

TEST_F(Tracing, WhatIsTooSmallIsRefused) {
  Model m;
  m.input("x", {0, 64}).output("y");
  m.hold(floats("w", {64, 10}, wave({640}).values));
  m.node("MatMul", {"x", "w"}, {"y"});
  const std::string text = m.bytes();
  MemoryReader from(bytes_of(text));
  const OriginalModel small(from, text.size(), "small");
  const std::string said = usage_error(world->folder, [&] { colluders_of(small); });
  EXPECT_NE(said.find("the model 'small' has 640 weights"), std::string::npos) << said;
  EXPECT_NE(said.find("needs 14560"), std::string::npos) << said;
}

TEST_F(Tracing, AConvolutionOverOneAxisCarries) {
  Model m;
  m.input("x", {0, 2, 9}).output("y").hold(floats("w", {4, 2, 3}, wave({24}).values));
  m.node("Conv", {"x", "w"}, {"y"});
  const std::string text = m.bytes();
  MemoryReader from(bytes_of(text));
  const OriginalModel original(from, text.size(), "m");
  ASSERT_EQ(original.layers().size(), 1u);
  std::vector<std::vector<double>> changes{std::vector<double>(24)};
  changes[0][7] = 0.5;  // the second row's second number
  ::onnx::ModelProto copy;
  ASSERT_TRUE(copy.ParseFromString(original.with(changes)));
  const auto& before = m.graph().initializer(0);
  const auto after = nn::onnx_io::read_tensor(copy.graph().initializer(0), std::nullopt);
  EXPECT_EQ(after.shape, (Shape{4, 2, 3}));
  for (int i = 0; i < 24; ++i)
    EXPECT_NEAR(after.values[std::size_t(i)], before.float_data(i) + (i == 7 ? 0.5 : 0), 1e-6) << i;
}

TEST_F(Tracing, WeightsThatAreNoFloatsCarryNothing) {
  Model m;
  m.input("x", {0, 2}).output("y");
  ::onnx::TensorProto w;
  w.set_name("w");
  w.set_data_type(::onnx::TensorProto::DOUBLE);
  w.add_dims(2), w.add_dims(2);
  for (const double v : {1.0, 2.0, 3.0, 4.0}) w.add_double_data(v);
  m.hold(w);
  m.node("MatMul", {"x", "w"}, {"h"});
  m.hold(floats("v", {2, 2}, {1, 2, 3, 4}));
  m.node("MatMul", {"h", "v"}, {"y"});
  const std::string text = m.bytes();
  MemoryReader from(bytes_of(text));
  const OriginalModel original(from, text.size(), "m");
  ASSERT_EQ(original.layers().size(), 1u);
  EXPECT_EQ(original.layers()[0].name, "v");
  EXPECT_EQ(original.layers()[0].producer, std::nullopt);
  // Nothing but the numbers changes.
  ::onnx::ModelProto after;
  ASSERT_TRUE(after.ParseFromString(original.with({{0.5, 0, 0, 0}})));
  EXPECT_EQ(after.graph().initializer(0).SerializeAsString(), w.SerializeAsString());
  EXPECT_EQ(weights_in(after.SerializeAsString()).at("v"), (Numbers{1.5, 2, 3, 4}));
}

}  // namespace
}  // namespace tacit::trace
