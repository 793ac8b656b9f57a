// ResNet-50 by its numbers, and a small one of its kind: folded or not, read from an ONNX file or not, in
// double precision and on aby3.
#include "tacit/nn/layers/resnet.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "tacit/base/error.h"
#include "tacit/data/testing/files.h"
#include "tacit/nn/graph/execute.h"
#include "tacit/nn/graph/onnx_export.h"
#include "tacit/nn/graph/onnx_import.h"
#include "tacit/nn/graph/onnx_passes.h"
#include "tacit/nn/ops/window.h"
#include "tacit/nn/testing/engines.h"
#include "tacit/nn/testing/op_case.h"

namespace tacit::nn {
namespace {

using testing::on_aby3;
using testing::on_doubles;
using testing::on_dry;

std::map<std::string_view, std::size_t> count_operators(const Graph& g) {
  std::map<std::string_view, std::size_t> out;
  for (const Node& node : g.nodes) ++out[node.op->name];
  return out;
}

std::size_t multiply_adds(const Graph& g) {
  std::size_t n = 0;
  for (const Node& node : g.nodes) {
    const auto shape = [&](std::size_t i) -> const Shape& { return g.values[node.inputs[i]].shape; };
    if (node.op->name == "Conv")
      n += Bilinear::convolution(window(node.attrs, shape(0), shape(1)[2], shape(1)[3]))
               .multiply_adds(shape(0), shape(1));
    if (node.op->name == "Gemm") n += Bilinear::matmul(false, true).multiply_adds(shape(0), shape(1));
  }
  return n;
}

std::size_t trained_numbers(const Graph& g) {
  std::size_t n = 0;
  for (ValueId id : g.trained()) n += elements(g.values[id].shape);
  return n;
}

Graph small() { return resnet({.image = 32, .classes = 5, .width = 4, .blocks = {1, 2, 1, 1}}, 7); }

PublicTensor scores(Ctx& ctx, const Graph& g, const PublicTensor& x,
                    const testing::Around& around = testing::just) {
  const Secret<Real> inputs[] = {testing::share(ctx, x)};
  const Parameters parameters = initial_parameters(ctx, g);
  std::vector<Secret<Real>> out;
  around([&] { out = forward(ctx, g, parameters, inputs); });
  return testing::open(ctx, out[0]);
}

PublicTensor in_doubles(const Graph& g, const PublicTensor& x) {
  PublicTensor out;
  on_doubles([&](Ctx& ctx) { out = scores(ctx, g, x); });
  return out;
}

void expect_near(const PublicTensor& got, const PublicTensor& want, double bound) {
  ASSERT_EQ(got.shape, want.shape);
  for (std::size_t i = 0; i < want.values.size(); ++i)
    EXPECT_NEAR(got.values[i], want.values[i], bound) << "score " << i;
}

TEST(ResNet, FiftyLayers) {
  Graph g = resnet({}, 1);
  EXPECT_EQ(g.values[g.inputs.at(0)].shape, (Shape{1, 3, 224, 224}));
  EXPECT_EQ(g.values[g.outputs.at(0)].shape, (Shape{1, 1000}));
  // As the network of the literature and its public implementations have it.
  EXPECT_EQ(trained_numbers(g), 25'557'032u);
  const std::size_t normalised = 26'560;  // channels, each with a running mean and a running variance
  EXPECT_EQ(g.parameter_count(), 25'557'032u + 2 * normalised);
  EXPECT_EQ(multiply_adds(g), 4'089'184'256u);
  const std::map<std::string_view, std::size_t> wanted{
      {"Add", 16}, {"BatchNormalization", 53}, {"Conv", 53},   {"Flatten", 1},
      {"Gemm", 1}, {"GlobalAveragePool", 1},   {"MaxPool", 1}, {"Relu", 49}};
  EXPECT_EQ(count_operators(g), wanted);

  // What one image may cost, over all links.
  onnx_io::fold_batch_norms(g);
  EXPECT_EQ(count_operators(g).count("BatchNormalization"), 0u);
  double bytes = 0;
  for (std::size_t p = 0; p < 3; ++p)
    on_dry(party_id(p), profile_named("lan"), [&](Ctx& ctx) {
      const Parameters parameters = initial_parameters(ctx, g);
      const Secret<Real> inputs[] = {fn::zeros(ctx, g.values[g.inputs[0]].shape)};
      bytes +=
          static_cast<double>(testing::dry_cost(ctx, [&] { forward(ctx, g, parameters, inputs); }).payload);
    });
  EXPECT_LT(bytes, 1.9e9);
  EXPECT_GT(bytes, 0.5e9);
}

TEST(ResNet, ItsNumbersFollowFromTheSeed) {
  const Graph one = small(), again = small();
  const Graph other = resnet({.image = 32, .classes = 5, .width = 4, .blocks = {1, 2, 1, 1}}, 8);
  ASSERT_EQ(one.parameters(), other.parameters());
  for (ValueId id : one.parameters()) {
    const auto& values = one.values[id].initial.values;
    EXPECT_EQ(values, again.values[id].initial.values);
    const bool drawn = one.values[id].name != "dense.bias",
               around_one = one.values[id].name.ends_with(".variance");
    EXPECT_EQ(values != other.values[id].initial.values, drawn);
    for (double v : values) EXPECT_TRUE(!around_one || std::fabs(v - 1) <= 0.1);
  }
}

TEST(ResNet, FoldedAndThroughAFileTheSame) {
  const Graph g = small();
  const PublicTensor x = testing::uniform({2, 3, 32, 32}, 0, 1, 3);
  const PublicTensor wanted = in_doubles(g, x);
  double largest = 0;
  for (double v : wanted.values) largest = std::max(largest, std::fabs(v));
  EXPECT_GT(largest, 0.1);

  Graph folded = g;
  onnx_io::fold_batch_norms(folded);
  EXPECT_EQ(count_operators(folded).count("BatchNormalization"), 0u);
  // Unfolded, an epsilon of less than 2^-16 counts as that.
  expect_near(in_doubles(folded, x), wanted, 1e-4 * largest);

  std::vector<PublicTensor> numbers;
  for (ValueId id : g.parameters()) numbers.push_back(g.values[id].initial);
  const tacit::testing::ScratchFolder folder;
  const Graph read =
      import_onnx(folder.write("m.onnx", export_onnx(g, numbers, {.name = "small", .properties = {}})),
                  {.fold_batch_norm = true});
  EXPECT_EQ(count_operators(read), count_operators(folded));
  expect_near(in_doubles(read, x), wanted, 1e-4 * largest);
}

TEST(ResNet, OnSharesWithinFixedPoint) {
  Graph g = small();
  onnx_io::fold_batch_norms(g);
  const PublicTensor x = testing::uniform({1, 3, 32, 32}, 0, 1, 4);
  const PublicTensor wanted = in_doubles(g, x);
  on_aby3([&](Ctx& ctx, Party& party, const Profile& profile) {
    testing::expect_declared_cost(party, profile, ctx, [&](Ctx& on, const testing::Around& around) {
      const PublicTensor got = scores(on, g, x, around);
      // A unit in the last place or less at each layer, which the next ones hardly enlarge.
      if (&on == &ctx) expect_near(got, wanted, 64 * std::ldexp(1.0, -static_cast<int>(testing::kFrac)));
    });
  });
}

TEST(ResNet, WhatLeavesNothing) {
  EXPECT_THROW(resnet({.blocks = {}}, 1), UsageError);
  EXPECT_THROW(resnet({.width = 0}, 1), UsageError);
  EXPECT_THROW(resnet({.classes = 0}, 1), UsageError);
  EXPECT_THROW(resnet({.image = 0, .width = 4}, 1), UsageError);
}

}  // namespace
}  // namespace tacit::nn
