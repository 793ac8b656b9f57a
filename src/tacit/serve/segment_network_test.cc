// What protecting protects nothing is refused, and nothing wraps in the numbers that are chosen.
#include "tacit/serve/segment_network.h"

#include <gtest/gtest.h>

#include "tacit/base/workers.h"
#include "tacit/ring/codec.h"
#include "tacit/sealed/testing/sealed_world.h"
#include "tacit/split/seco/testing/models.h"

namespace tacit {
namespace {

using testing::outcome;
using B = testing::SplitModelBuilder;

std::string refused_segment(B& b) {
  const nn::Graph g = b.done("g").graph;
  return outcome([&] { segment_model(g, {32, 10}); });
}

TEST(HiddenLayer, AnAffineSegmentIsRefused) {
  {
    B b({1, 6});
    b.dense(4), b.dense(5);
    EXPECT_EQ(
        refused_segment(b),
        "usage: the protected segment is affine between what the device sees, so that 7 questions and their "
        "answers solve it for all of its weights: protect nodes with a Relu, or another that is not linear, "
        "between two layers of weights");
  }
  {
    B b({1, 1, 8, 8});
    b.conv(2, 3), b.pool(nn::kAveragePool, 2, 2), b.dense(3);
    EXPECT_NE(refused_segment(b).find("is affine between what the device sees, so that 65"),
              std::string::npos);
  }
}

TEST(HiddenLayer, OneLayerBetweenWhatIsKnownIsRefused) {
  const std::string one = "the protected segment has one layer of weights";
  {
    B b({1, 6});
    b.dense(4), b.relu();
    EXPECT_NE(refused_segment(b).find(one), std::string::npos);
  }
  {
    B b({1, 6});
    b.relu(), b.dense(4);
    EXPECT_NE(refused_segment(b).find(one), std::string::npos);
  }
  {
    B b({1, 6});
    b.relu(), b.dense(4), b.dense(7), b.relu();
    EXPECT_NE(refused_segment(b).find(one), std::string::npos);
  }
  {
    B b({1, 1, 8, 8});
    b.conv(2, 3), b.relu(), b.pool(nn::kMaxPool, 2, 2);
    EXPECT_NE(refused_segment(b).find(one), std::string::npos);
  }
}

TEST(HiddenLayer, WithOneItIsTaken) {
  for (const auto& [name, graph] : testing::split_models()) {
    const std::string said = outcome([&, &g = graph] { segment_model(g, {32, 10}); });
    EXPECT_EQ(said == "opened", name != "nothing between") << name << ": " << said;
  }
  B b({1, 6});
  b.dense(5), b.relu(), b.dense(5), b.op(nn::kSoftmax, {b.last}, {{"axis", std::int64_t{1}}});
  EXPECT_NE(refused_segment(b).find("leave it to the device"), std::string::npos);
}

/// The largest magnitude of all numbers of a run.
double largest_of(const seco::Model& model, std::span<const Word> x) {
  Workers workers(1);
  const seco::ClearRun run = seco::clear_run({ring_kernels(detect_isa()), workers}, model, x);
  double out = 0;
  for (const auto* all : {&run.sums, &run.values})
    for (const auto& words : *all)
      for (const Word w : words)
        out = std::max(out, std::fabs(static_cast<double>(model.network.numbers.signed_of(w))));
  return out;
}

TEST(SegmentNumbers, NothingComesNearTheirEnd) {
  for (const auto& [name, graph] : testing::split_models()) {
    if (name == "nothing between") continue;
    SCOPED_TRACE(name);
    const SegmentNumbers chosen = numbers_for(graph, 10, {});
    EXPECT_EQ(chosen.low, -chosen.high);
    EXPECT_GE(chosen.high, 1024);
    // In the widest numbers that there are, whatever wraps would be seen.
    const seco::Model wide = segment_model(graph, {48, 10});
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      std::vector<Word> x;
      for (const double v : testing::random_tensor(wide.network.input, 1, seed).values)
        x.push_back(wide.network.numbers.reduce(v < 0 ? chosen.low : chosen.high));  // corners are the worst
      EXPECT_LT(largest_of(wide, x), std::ldexp(1, static_cast<int>(chosen.numbers.bits) - 2));
    }
    EXPECT_GE(widest_input(segment_model(graph, chosen.numbers), chosen.numbers.bits), chosen.high);
  }
}

TEST(SegmentNumbers, TheBoundIsReached) {
  // One path of known weights: 2 · 3 = 6 times the input, in units of 2^-20 before it is rounded.
  B b({1, 1});
  const auto gemm = [&](double w) {
    const B::Id id = b.g.add_parameter("w" + std::to_string(b.g.values.size()), {{1, 1}, {w}});
    b.op(nn::kGemm, {b.last, id}, {{"transB", std::int64_t{1}}});
  };
  gemm(2), b.relu(), gemm(3);
  const nn::Graph g = b.done("path").graph;
  const double widest = static_cast<double>(widest_input(segment_model(g, {32, 10}), 32));
  EXPECT_NEAR(widest * 2 * 3 * 1024, std::ldexp(1, 30), std::ldexp(1, 30) * 1e-3);
}

TEST(SegmentNumbers, ARangeTakesTheFewestBits) {
  const nn::Graph g = testing::split_models()[0].graph;
  const SegmentNumbers narrow = numbers_for(g, 10, InputRange{0, 1}),
                       wide = numbers_for(g, 10, InputRange{-4, 900});
  EXPECT_EQ(narrow.low, 0);
  EXPECT_EQ(narrow.high, 1024);
  EXPECT_EQ(wide.low, -4096);
  EXPECT_LT(narrow.numbers.bits, wide.numbers.bits);
  EXPECT_EQ(outcome([&] { numbers_for(g, 10, InputRange{1, 1}); }).substr(0, 6), "usage:");
  const std::string said = outcome([&] { numbers_for(g, 20, InputRange{-1e6, 1e6}); });
  EXPECT_NE(said.find("larger than 48 bits hold: declare a narrower --input-range"), std::string::npos)
      << said;
}

}  // namespace
}  // namespace tacit
