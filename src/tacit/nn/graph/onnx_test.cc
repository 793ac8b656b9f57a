// Networks to ONNX files and back: the same graph, the same numbers, and shapes for every batch.
#include <gtest/gtest.h>

#include "tacit/nn/graph/onnx_export.h"
#include "tacit/nn/layers/layer.h"
#include "tacit/nn/testing/onnx_models.h"

namespace tacit::nn {
namespace {

using namespace tacit::testing;

std::vector<PublicTensor> initial(const Graph& graph) {
  std::vector<PublicTensor> out;
  for (ValueId id : graph.parameters()) out.push_back(graph.values[id].initial);
  return out;
}

/// Numbers that float32 holds exactly.
PublicTensor exact(const Shape& shape) {
  PublicTensor t = wave(shape);
  for (double& v : t.values) v = static_cast<float>(v);
  return t;
}

Graph conv_net() {
  Graph g;
  ValueId x = g.add_input("image", {1, 2, 8, 8});
  x = g.add_node(
      *find_op("Conv"), "conv",
      {x, g.add_parameter("conv.weight", exact({4, 2, 3, 3})), g.add_parameter("conv.bias", exact({4}))},
      {{"pads", Integers{1, 1, 1, 1}}, {"strides", Integers{1, 1}}});
  x = g.add_node(*find_op("Relu"), "relu", {x});
  x = g.add_node(*find_op("MaxPool"), "pool", {x},
                 {{"kernel_shape", Integers{2, 2}}, {"strides", Integers{2, 2}}});
  x = g.add_node(*find_op("Mul"), "scale", {x, g.add_constant("half", {{1}, {0.5}})});
  x = g.add_node(*find_op("Reshape"), "rows", {x}, {{"shape", Integers{0, -1}}});
  x = g.add_node(*find_op("Gemm"), "scores",
                 {x, g.add_parameter("w", exact({5, 64})), g.add_parameter("b", exact({5}))},
                 {{"transB", std::int64_t{1}}, {"alpha", 0.1}});
  g.outputs = {x};
  return g;
}

void expect_same(const Graph& a, const Graph& b) {
  ASSERT_EQ(a.nodes.size(), b.nodes.size());
  ASSERT_EQ(a.inputs.size(), b.inputs.size());
  const auto same_value = [&](ValueId x, ValueId y) {
    ASSERT_EQ(x == kNoValue, y == kNoValue);
    if (x == kNoValue) return;
    EXPECT_EQ(a.values[x].kind, b.values[y].kind);
    EXPECT_EQ(a.values[x].name, b.values[y].name);
    EXPECT_EQ(a.values[x].shape, b.values[y].shape);
    EXPECT_EQ(a.values[x].initial.values, b.values[y].initial.values) << a.values[x].name;
  };
  for (std::size_t i = 0; i < a.inputs.size(); ++i) same_value(a.inputs[i], b.inputs[i]);
  for (std::size_t n = 0; n < a.nodes.size(); ++n) {
    EXPECT_EQ(a.nodes[n].op, b.nodes[n].op);
    EXPECT_EQ(a.nodes[n].name, b.nodes[n].name);
    EXPECT_EQ(a.nodes[n].attrs.all(), b.nodes[n].attrs.all()) << a.nodes[n].name;
    ASSERT_EQ(a.nodes[n].inputs.size(), b.nodes[n].inputs.size());
    for (std::size_t i = 0; i < a.nodes[n].inputs.size(); ++i)
      same_value(a.nodes[n].inputs[i], b.nodes[n].inputs[i]);
    same_value(a.nodes[n].output, b.nodes[n].output);
  }
  const auto pa = a.parameters(), pb = b.parameters();
  ASSERT_EQ(pa.size(), pb.size());
  for (std::size_t i = 0; i < pa.size(); ++i) same_value(pa[i], pb[i]);
  ASSERT_EQ(a.outputs.size(), b.outputs.size());
  for (std::size_t i = 0; i < a.outputs.size(); ++i) same_value(a.outputs[i], b.outputs[i]);
}

TEST(Onnx, RoundTripKeepsGraphAndNumbers) {
  const ScratchFolder folder;
  const Graph graph = conv_net();
  const std::string file = export_onnx(graph, initial(graph), {"net", {}});
  const Graph back = import_onnx(folder.write("a.onnx", file));
  expect_same(graph, back);
  EXPECT_EQ(export_onnx(back, initial(back), {"net", {}}), file);
  const PublicTensor x = wave({3, 2, 8, 8});
  EXPECT_EQ(run(graph, {x})[0].values, run(back, {x})[0].values);
}

TEST(Onnx, GivenParametersReplaceTheInitialOnes) {
  const ScratchFolder folder;
  const Graph graph = conv_net();
  auto numbers = initial(graph);
  numbers[1].values = {1, 2, 3, 0.1};
  const Graph back = import_onnx(folder.write("a.onnx", export_onnx(graph, numbers, {"net", {}})));
  EXPECT_EQ(back.values[back.parameters()[1]].initial.values, (Numbers{1, 2, 3, 0.1f}));
  numbers.pop_back();
  EXPECT_EQ(usage_error(folder, [&] { export_onnx(graph, numbers, {}); }),
            "the model has 4 parameters, and 3 tensors are given");
  numbers.push_back(exact({6}));
  EXPECT_EQ(usage_error(folder, [&] { export_onnx(graph, numbers, {}); }),
            "the parameter 'b' has shape 5, and numbers of shape 6 are given");
}

TEST(Onnx, TheFileSaysWhatItIs) {
  const Graph graph = conv_net();
  ::onnx::ModelProto model;
  ASSERT_TRUE(
      model.ParseFromString(export_onnx(graph, initial(graph), {"mine", {{"tacit.score_bound", "0.01"}}})));
  EXPECT_EQ(model.ir_version(), 8);
  EXPECT_EQ(model.opset_import(0).version(), 17);
  EXPECT_EQ(model.graph().name(), "mine");
  EXPECT_EQ(model.metadata_props(0).key(), "tacit.score_bound");
  EXPECT_EQ(model.metadata_props(0).value(), "0.01");
  EXPECT_EQ(model.graph().input(0).type().tensor_type().shape().dim(0).dim_param(), "N");
  EXPECT_EQ(model.graph().output(0).type().tensor_type().shape().dim(0).dim_param(), "N");
  EXPECT_EQ(model.graph().output(0).type().tensor_type().shape().dim(1).dim_value(), 5);
}

TEST(Onnx, NamesAreMadeUnique) {
  const ScratchFolder folder;
  Graph g;
  const ValueId x = g.add_input("x", {1, 3});
  const ValueId y = g.add_node(*find_op("Relu"), "x", {x});
  g.outputs = {g.add_node(*find_op("Add"), "x", {y, g.add_parameter("x", exact({3}))})};
  const Graph back = import_onnx(folder.write("a.onnx", export_onnx(g, initial(g), {})));
  EXPECT_EQ(back.nodes.size(), 2u);
  EXPECT_EQ(run(back, {wave({4, 3})})[0].values, run(g, {wave({4, 3})})[0].values);
}

TEST(Onnx, EveryNetworkComesBack) {
  const ScratchFolder folder;
  std::size_t compared = 0;
  for (const std::string_view name : network_names()) {
    Graph graph;
    try {
      graph = build_graph({1, 28, 28}, network_named(name), 10, 1);
    } catch (const UsageError&) {
      continue;  // for examples of another kind
    }
    ++compared;
    const Graph back =
        import_onnx(folder.write("a.onnx", export_onnx(graph, initial(graph), {std::string(name), {}})));
    ASSERT_EQ(back.nodes.size(), graph.nodes.size()) << name;
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
      EXPECT_EQ(back.nodes[n].op, graph.nodes[n].op) << name;
      EXPECT_EQ(back.nodes[n].attrs.all(), graph.nodes[n].attrs.all()) << name << ": " << graph.nodes[n].name;
      EXPECT_EQ(back.values[back.nodes[n].output].shape, graph.values[graph.nodes[n].output].shape);
    }
    const auto mine = graph.parameters(), its = back.parameters();
    ASSERT_EQ(its.size(), mine.size());
    for (std::size_t i = 0; i < mine.size(); ++i)
      EXPECT_EQ(back.values[its[i]].name, graph.values[mine[i]].name);
  }
  EXPECT_GT(compared, 1u);
}

TEST(Onnx, OutputsThatAreNoResultsOfTheirOwn) {
  const ScratchFolder folder;
  Graph g;
  const ValueId x = g.add_input("x", {1, 3});
  const ValueId y = g.add_node(*find_op("Relu"), "y", {x});
  g.outputs = {y, y, x};
  const std::string file = export_onnx(g, {}, {});
  ::onnx::ModelProto model;
  ASSERT_TRUE(model.ParseFromString(file));
  EXPECT_NE(model.graph().output(0).name(), model.graph().output(1).name());
  const Graph back = import_onnx(folder.write("a.onnx", file));
  EXPECT_EQ(back.outputs, g.outputs);
}

}  // namespace
}  // namespace tacit::nn
