// Layers are counted, named and cut out as documented, and what is affine between the ends of a cut is known.
#include "tacit/audit/segment.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tacit/audit/learner.h"
#include "tacit/audit/testing/networks.h"
#include "tacit/data/testing/files.h"

namespace tacit::audit {
namespace {

using nn::Graph;
using nn::ValueId;
using tacit::testing::ScratchFolder;
using tacit::testing::usage_error;

const nn::Op& op(std::string_view name) { return *nn::find_op(name); }

PublicTensor counted(const Shape& shape) {
  PublicTensor out{shape, {}};
  for (std::size_t i = 0; i < elements(shape); ++i)
    out.values.push_back(0.3 * static_cast<double>((i * 7 + 3) % 11) - 1.4);
  return out;
}

/// Conv, Relu, Conv, and the first result added to the second; a scale of one number; Flatten, Gemm.
Graph around() {
  Graph g;
  const ValueId x = g.add_input("x", {1, 1, 4, 4});
  const nn::Attrs same{{"pads", std::vector<std::int64_t>{1, 1, 1, 1}}};
  const ValueId a = g.add_node(op("Conv"), "first", {x, g.add_parameter("w1", counted({2, 1, 3, 3}))}, same);
  const ValueId r = g.add_node(op("Relu"), "bend", {a});
  const ValueId b = g.add_node(op("Conv"), "second", {r, g.add_parameter("w2", counted({2, 2, 3, 3}))}, same);
  const ValueId sum = g.add_node(op("Add"), "sum", {b, r});
  const ValueId half = g.add_node(op("Mul"), "half", {sum, g.add_parameter("scale", {{1}, {0.5}})});
  const ValueId flat = g.add_node(op("Flatten"), "flat", {half});
  g.outputs = {
      g.add_node(op("Gemm"), "last",
                 {flat, g.add_parameter("w3", counted({32, 3})), g.add_parameter("b3", counted({3}))})};
  return g;
}

TEST(Segment, LayersAreNodesThatReadWeights) {
  const auto layers = weighted_layers(around());
  ASSERT_EQ(layers.size(), 3u);  // a single number is no layer
  EXPECT_EQ(layers[0].name, "first");
  EXPECT_EQ(layers[1].op, "Conv");
  EXPECT_EQ(layers[2].node, 6u);
  EXPECT_EQ(layers[2].numbers, 32u * 3 + 3);
  // Two channels of 16 points, nine products each; and the Relu's 32.
  EXPECT_EQ(layers[0].multiply_adds, 32u * 9 + 32);
  EXPECT_EQ(layers[1].multiply_adds, 32u * 18 + 32 * 3);
  EXPECT_EQ(layers[2].multiply_adds, 99u);
}

TEST(Segment, Notation) {
  EXPECT_EQ(parse_segment("2-3", 3), (Segment{2, 3}));
  EXPECT_EQ(parse_segment("2", 3), (Segment{2, 2}));
  EXPECT_EQ(to_string(Segment{2, 3}), "2-3");
  EXPECT_EQ(to_string(Segment{3, 3}), "3");
  const ScratchFolder folder;
  for (const char* text : {"", "-", "2-", "-2", "a", "1,2", "1-2-3", " 1", "1.5"})
    EXPECT_NE(usage_error(folder, [&] { parse_segment(text, 3); }).find("names no layers"), std::string::npos)
        << text;
  for (const char* text : {"0", "0-1", "3-2", "2-4", "4"})
    EXPECT_NE(usage_error(folder, [&] { parse_segment(text, 3); }).find("there are no layers"),
              std::string::npos)
        << text;
}

TEST(Segment, WhatCrosses) {
  const Graph g = around();
  const auto layers = weighted_layers(g);
  const auto name = [&](ValueId v) { return g.values[v].name; };
  const Cut first = cut_of(g, layers, {1, 1});
  EXPECT_EQ(first.begin, 0u);
  EXPECT_EQ(first.end, 2u);  // the Relu is kept with it
  ASSERT_EQ(first.in.size(), 1u);
  ASSERT_EQ(first.out.size(), 1u);
  EXPECT_EQ(name(first.in[0]), "x");
  EXPECT_EQ(name(first.out[0]), "bend");
  const Cut both = cut_of(g, layers, {1, 2});
  EXPECT_EQ(both.end, 6u);
  ASSERT_EQ(both.out.size(), 1u);
  EXPECT_EQ(name(both.out[0]), "flat");
  const Cut last = cut_of(g, layers, {3, 3});
  EXPECT_EQ(last.out, g.outputs);
  EXPECT_EQ(last.end, g.nodes.size());
}

TEST(Segment, Forms) {
  const Graph g = around();
  const auto layers = weighted_layers(g);
  EXPECT_EQ(form_of(g, cut_of(g, layers, {1, 1})), Form::Rectified);
  EXPECT_EQ(form_of(g, cut_of(g, layers, {2, 2})), Form::Affine);  // also with what goes around it
  EXPECT_EQ(form_of(g, cut_of(g, layers, {2, 3})), Form::Affine);
  EXPECT_EQ(form_of(g, cut_of(g, layers, {1, 3})), Form::OneHidden);
  const Graph deeper = testing::network({4}, {5, 0, 5, 0, 2});
  const auto of_it = weighted_layers(deeper);
  EXPECT_EQ(form_of(deeper, cut_of(deeper, of_it, {1, 1})), Form::Rectified);
  EXPECT_EQ(form_of(deeper, cut_of(deeper, of_it, {2, 3})), Form::OneHidden);
  EXPECT_EQ(form_of(deeper, cut_of(deeper, of_it, {1, 2})), Form::Other);

  Graph products;
  const ValueId x = products.add_input("x", {1, 2});
  const ValueId y = products.add_node(op("Add"), "shift", {x, products.add_parameter("b", counted({2}))});
  products.outputs = {products.add_node(op("Mul"), "square", {y, y})};
  EXPECT_EQ(form_of(products, cut_of(products, weighted_layers(products), {1, 1})), Form::Other);
}

TEST(Segment, PartsMakeTheWhole) {
  const Graph g = around();
  const auto layers = weighted_layers(g);
  const PublicTensor x = trace::random_examples({1, 4, 4}, 3, 1);
  PublicTensor now = x;
  for (std::size_t i = 1; i <= 3; ++i) now = Learner(nodes_between(g, cut_of(g, layers, {i, i})), 1).run(now);
  const PublicTensor whole = testing::answers_of(g, x);
  EXPECT_EQ(now.shape, whole.shape);
  EXPECT_EQ(now.values, whole.values);
}

TEST(Segment, WeightsThatOthersReadAreNotKept) {
  Graph g;
  const ValueId x = g.add_input("x", {1, 3}), w = g.add_parameter("w", counted({3, 3}));
  const ValueId a = g.add_node(op("Gemm"), "once", {x, w, g.add_parameter("b", counted({3}))});
  g.outputs = {g.add_node(op("MatMul"), "twice", {g.add_node(op("Relu"), "bend", {a}), w})};
  const auto layers = weighted_layers(g);
  ASSERT_EQ(layers.size(), 2u);
  const auto first = kept_weights(layers, {1, 1});
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(g.values[first[0]].name, "b");
  EXPECT_TRUE(kept_weights(layers, {2, 2}).empty());
  EXPECT_EQ(kept_weights(layers, {1, 2}).size(), 2u);
}

TEST(Segment, ForgettingLeavesTheOthers) {
  const Graph g = around();
  const auto layers = weighted_layers(g);
  const auto kept = kept_weights(layers, {2, 3});
  const Graph once = forgotten(g, kept, 1), again = forgotten(g, kept, 1), other = forgotten(g, kept, 2);
  const Graph last = forgotten(g, kept_weights(layers, {3, 3}), 1);
  for (const ValueId v : g.parameters()) {
    const auto& numbers = once.values[v].initial.values;
    EXPECT_EQ(numbers, again.values[v].initial.values);
    if (g.values[v].name == "w1" || g.values[v].name == "scale") {
      EXPECT_EQ(numbers, g.values[v].initial.values);
    } else if (g.values[v].name == "b3") {
      EXPECT_EQ(numbers, std::vector<double>(3));
    } else {
      EXPECT_NE(numbers, g.values[v].initial.values);
      EXPECT_NE(numbers, other.values[v].initial.values);
      const double limit = std::sqrt(6.0 / (g.values[v].name == "w2" ? 18 : 32));
      for (const double x : numbers) EXPECT_LE(std::fabs(x), limit);
    }
    if (g.values[v].name == "w3") { EXPECT_EQ(numbers, last.values[v].initial.values); }
  }
}

}  // namespace
}  // namespace tacit::audit
