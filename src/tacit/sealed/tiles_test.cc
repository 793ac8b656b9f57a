// A network in tiles computes what it did before, and a text that is none is refused in a sentence.
#include "tacit/sealed/tiles.h"

#include <gtest/gtest.h>

#include <set>

#include "tacit/nn/testing/onnx_models.h"
#include "tacit/sealed/testing/sealed_world.h"

namespace tacit::sealed {
namespace {

using namespace tacit::testing;

/// A convolution, products of both kinds with biases of several shapes, and one whose weights are shared.
Model many_layers() {
  Model m;
  m.input("image", {0, 2, 5, 5}).output("out");
  m.hold(floats("c.weight", {6, 2, 3, 3}, wave({108}).values)).hold(floats("c.bias", {6}, wave({6}).values));
  m.node("Conv", {"image", "c.weight", "c.bias"}, {"c"});
  m.node("Relu", {"c"}, {"r"});
  m.node("Flatten", {"r"}, {"f"});
  m.hold(floats("g.weight", {11, 54}, wave({594}, 0.2).values))
      .hold(floats("g.bias", {1, 11}, wave({11}).values));
  set(m.node("Gemm", {"f", "g.weight", "g.bias"}, {"g"}), "transB", std::int64_t{1});
  m.hold(floats("m.weight", {11, 11}, wave({121}, 0.3).values));
  m.node("MatMul", {"g", "m.weight"}, {"m1"});
  m.node("MatMul", {"m1", "m.weight"}, {"m2"});
  m.hold(floats("s.bias", {1}, {0.25}));
  m.node("Gemm", {"m2", "m.weight", "s.bias"}, {"out"});
  return m;
}

std::size_t largest_tensor(const nn::Graph& g) {
  std::size_t most = 0;
  for (const nn::ValueId id : g.parameters()) most = std::max(most, elements(g.values[id].shape));
  return most;
}

Outline outline_of(const Bytes& text) {
  const ByteView all(text);
  const std::size_t size = outline_size(all.first(kTilesPrelude));
  return parse_outline(all.subspan(kTilesPrelude, size), text.size());
}

/// The outline's network with its numbers put back.
nn::Graph filled(const Bytes& text) {
  Outline o = outline_of(text);
  for (nn::ValueId id = 0; id < o.graph.values.size(); ++id) {
    if (o.places[id].width == 0) continue;
    nn::ValueInfo& v = o.graph.values[id];
    for (std::size_t i = 0; i < elements(v.shape); ++i) {
      const std::size_t at = o.places[id].at + i * o.places[id].width;
      v.initial.values.push_back(o.places[id].width == 8 ? read_at<double>(text, at)
                                                         : read_at<float>(text, at));
    }
  }
  return std::move(o.graph);
}

TEST(Tiles, CutNetworksComputeTheSame) {
  const ScratchFolder folder;
  const nn::Graph before = many_layers().import(folder);
  const PublicTensor x = wave({3, 2, 5, 5});
  const PublicTensor want = run(before, {x})[0];
  std::size_t nodes = 0;
  for (const std::size_t most : {kUsualCut, std::size_t{100}, std::size_t{54}}) {
    const nn::Graph cut = in_tiles(before, most);
    EXPECT_LE(largest_tensor(cut), most);
    EXPECT_GE(cut.nodes.size(), nodes) << most;  // the smaller, the more
    nodes = cut.nodes.size();
    for (const nn::Graph& g : {cut, filled(tiled_text(cut))}) {
      const PublicTensor y = run(g, {x})[0];
      ASSERT_EQ(y.shape, want.shape);
      for (std::size_t i = 0; i < y.values.size(); ++i)
        ASSERT_NEAR(y.values[i], want.values[i], 1e-12) << most;
    }
  }
  EXPECT_GT(nodes, before.nodes.size());
}

TEST(Tiles, NumbersKeepAllTheirDigits) {
  nn::Graph g;
  const auto x = g.add_input("x", {1, 2});
  const auto w = g.add_parameter("w", {{2, 2}, {0.1, 1e300, -3, 4}});  // no floats
  const auto b = g.add_parameter("b", {{2}, {0.5, -0.25}});
  g.outputs = {g.add_node(*nn::find_op("Gemm"), "g", {x, w, b})};
  const Bytes text = tiled_text(in_tiles(g));
  const nn::Graph again = filled(text);
  std::multiset<double> numbers;
  for (const auto& v : again.values) numbers.insert(v.initial.values.begin(), v.initial.values.end());
  EXPECT_EQ(numbers, (std::multiset<double>{0.1, 1e300, -3, 4, 0.5, -0.25}));
  const std::size_t outline = outline_size(ByteView(text).first(kTilesPrelude));
  EXPECT_EQ(text.size(), kTilesPrelude + outline + 4 * 8 + 2 * 4);
}

TEST(Tiles, WhatCannotBeCutIsRefused) {
  const ScratchFolder folder;
  nn::Graph g;
  const auto x = g.add_input("x", {1, kTileNumbers + 1});
  const auto b = g.add_parameter("b", {{kTileNumbers + 1}, std::vector<double>(kTileNumbers + 1, 1)});
  g.outputs = {g.add_node(*nn::find_op("Add"), "a large sum", {x, b})};
  EXPECT_NE(usage_error(folder, [&] { in_tiles(g); }).find("'a large sum' (Add) takes 524289 numbers"),
            std::string::npos);
  nn::Graph two;
  const auto y = two.add_input("y", {1, 2}), z = two.add_input("z", {1, 2});
  two.outputs = {two.add_node(*nn::find_op("Add"), "sum", {y, z})};
  EXPECT_NE(usage_error(folder, [&] { in_tiles(two); }).find("2 inputs and 1 outputs"), std::string::npos);
}

TEST(Tiles, DamagedTextsAreRefused) {
  const ScratchFolder folder;
  const Bytes good = tiled_text(in_tiles(many_layers().import(folder), 60));
  const std::size_t size = outline_size(ByteView(good).first(kTilesPrelude));
  const auto outcome_of = [&](const Bytes& text) {
    return outcome([&] {
      const ByteView all(text);
      const std::size_t claimed = outline_size(all.first(kTilesPrelude));
      require(claimed <= text.size() - kTilesPrelude, "too long");
      parse_outline(all.subspan(kTilesPrelude, claimed), text.size());
    });
  };
  ASSERT_EQ(outcome_of(good), "opened");
  // Every bit of prelude and outline: it is refused, or says something else; never anything but a sentence.
  for (std::size_t i = 0; i < kTilesPrelude + size; ++i)
    for (const unsigned bit : {0u, 7u}) {
      Bytes bad = good;
      bad[i] ^= static_cast<std::byte>(1u << bit);
      const std::string said = outcome_of(bad);
      EXPECT_TRUE(said == "opened" || said.starts_with("usage: ")) << i << ": " << said;
      EXPECT_TRUE(i >= kTilesPrelude || said != "opened") << i;
    }
  for (std::size_t n = 0; n < size; n += 3)
    EXPECT_TRUE(outcome([&] {
                  parse_outline(ByteView(good).subspan(kTilesPrelude, n), good.size());
                }).starts_with("usage: "))
        << n;
  for (const std::size_t other : {good.size() - 1, good.size() + 1, std::size_t{0}})
    EXPECT_TRUE(outcome([&] {
                  parse_outline(ByteView(good).subspan(kTilesPrelude, size), other);
                }).starts_with("usage: "))
        << other;
}

}  // namespace
}  // namespace tacit::sealed
