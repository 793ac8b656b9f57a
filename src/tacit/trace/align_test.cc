// Neurons that were moved, scaled, turned over or taken out are found again; another network is not.
#include "tacit/trace/align.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "tacit/trace/match_rows.h"
#include "tacit/trace/testing/traced_world.h"

namespace tacit::trace {
namespace {

using namespace tacit::testing;

Aligned laid_over(const Model& original, const Model& leaked) {
  Workers workers(2);
  return align(layers_in(original), layers_in(leaked), workers);
}
/// The largest difference to the original, in units of its rows' scales, among weights that were found.
double worst(const std::vector<Layer>& original, const Aligned& found) {
  double out = 0;
  for (std::size_t n = 0; n < original.size(); ++n) {
    const auto scales = row_scales(original[n]);
    for (std::size_t i = 0; i < found.layers[n].weights.size(); ++i)
      if (const double w = found.layers[n].weights[i]; std::isfinite(w))
        out = std::max(out, std::fabs(w - original[n].weights[i]) / scales[i / original[n].columns]);
  }
  return out;
}
std::size_t moved_rows(const Aligned& a) {
  std::size_t out = 0;
  for (const auto& layer : a.layers) out += layer.rows_moved;
  return out;
}
std::size_t found_rows(const Aligned& a) {
  std::size_t out = 0;
  for (const auto& layer : a.layers) out += layer.rows_found;
  return out;
}

TEST(Align, LeavesTheSameNetworkAsItIs) {
  const Model m = net(net_weights(1));
  const Aligned a = laid_over(m, m);
  EXPECT_NEAR(a.likeness, 1, 1e-9);
  EXPECT_EQ(moved_rows(a), 0u);
  EXPECT_EQ(found_rows(a), 16u + 96 + 10);
  EXPECT_LT(worst(layers_in(m), a), 1e-9);
}

TEST(Align, FindsNeuronsInAnyOrderAndScale) {
  const NetWeights w = net_weights(1);
  for (const bool scaled : {false, true}) {
    const Model leaked = net(shuffled(w, 7, scaled));
    const Aligned a = laid_over(net(w), leaked);
    EXPECT_NEAR(a.likeness, 1, 1e-6) << scaled;
    EXPECT_EQ(found_rows(a), 16u + 96 + 10);
    EXPECT_GT(moved_rows(a), 90u);
    EXPECT_LT(worst(layers_in(net(w)), a), 1e-4) << scaled;  // float32
  }
}

TEST(Align, ANetworkAnswersAsBeforeWhenItsNeuronsAreMoved) {
  // What the attack of these tests does is none that changes answers.
  const NetWeights w = net_weights(1);
  const ScratchFolder folder;
  const PublicTensor x = wave({3, 1, 8, 8});
  const auto a = run(net(w).import(folder), {x})[0],
             b = run(net(shuffled(w, 7, true)).import(folder), {x})[0];
  for (std::size_t i = 0; i < a.values.size(); ++i) EXPECT_NEAR(a.values[i], b.values[i], 1e-4);
}

TEST(Align, ATurnedSignIsUndone) {
  // As where a tanh stands behind it.
  NetWeights w = net_weights(1), turned = w;
  for (std::size_t i = 0; i < 256; ++i) turned["d.weight"][5 * 256 + i] *= -1;
  for (std::size_t o = 0; o < 10; ++o) turned["e.weight"][o * 96 + 5] *= -1;
  const Aligned a = laid_over(net(w), net(turned));
  EXPECT_NEAR(a.likeness, 1, 1e-6);
  EXPECT_LT(worst(layers_in(net(w)), a), 1e-4);
}

TEST(Align, FactorsBehindANormalisationAreFound) {
  // Rows are scaled, and nothing behind them is.
  NetWeights w = net_weights(1), scaled = w;
  for (std::size_t i = 0; i < scaled["d.weight"].size(); ++i)
    scaled["d.weight"][i] *= 1 + static_cast<double>(i / 256) / 20;
  const Aligned a = laid_over(net(w), net(scaled));
  EXPECT_NEAR(a.likeness, 1, 1e-6);
  EXPECT_LT(worst(layers_in(net(w)), a), 1e-4);
}

TEST(Align, UnitsThatAreGoneAreLeftOut) {
  const NetWeights w = net_weights(1);
  const Aligned a = laid_over(net(w), net_without_units(w, 20));
  EXPECT_EQ(a.layers[1].rows_found, 76u);
  EXPECT_FALSE(std::isfinite(a.layers[1].weights[0]));
  EXPECT_EQ(a.layers[2].rows_found, 10u);
  EXPECT_GT(a.likeness, 0.85);
  EXPECT_LT(worst(layers_in(net(w)), a), 1e-4);
}

TEST(Align, AnotherNetworkIsNotLikeIt) {
  const Aligned a = laid_over(net(net_weights(1)), net(net_weights(2)));
  EXPECT_LT(a.likeness, 0.15);
  // Nor one of another form.
  Model m;
  m.input("x", {0, 3}).output("y");
  m.hold(floats("w", {3, 2}, wave({6}).values));
  m.node("MatMul", {"x", "w"}, {"y"});
  EXPECT_EQ(laid_over(net(net_weights(1)), m).likeness, 0);
}

TEST(MatchRows, TakesTheNearestFirstAndNoneTwice) {
  Workers workers(1);
  const Rows a{3, 2, {1, 0, 0, 1, 1, 1}};
  const Rows b{3, 2, {0, -2, 3, 0.1, 0, 0}};
  const Matching m = match_rows(a, b, 0.3, workers);
  EXPECT_EQ(m.of[0], 1u);
  EXPECT_EQ(m.of[1], 0u);  // turned over
  EXPECT_EQ(m.of[2], std::nullopt);
  EXPECT_NEAR(m.sum, 2, 0.01);
}

}  // namespace
}  // namespace tacit::trace
