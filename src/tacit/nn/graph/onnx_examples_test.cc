// What is the same for every example and is written out for the batch: it stands once, and each example has
// it.
#include <gtest/gtest.h>

#include "tacit/nn/graph/onnx_export.h"
#include "tacit/nn/testing/onnx_models.h"

namespace tacit::nn {
namespace {

using namespace tacit::testing;

enum class Written { Expand, ExpandOfLess, Tile, Literal };

/// A token of three numbers, a weight, in front of the two rows of each example.
Model with_token(Written how) {
  Model m;
  m.input("x", {how == Written::Literal ? 1 : 0, 2, 3}).output("y");
  m.hold(floats("token", how == Written::ExpandOfLess ? Integers{3} : Integers{1, 1, 3}, {7, 8, 9}));
  m.hold(integers("first", {1}, {0})).hold(integers("rest", {2}, {1, how == Written::Tile ? 1 : 3}));
  m.node("Shape", {"x"}, {"shape"});
  m.node("Gather", {"shape", "first"}, {"batch"});
  set(m.node("Concat", {"batch", "rest"}, {"form"}), "axis", std::int64_t{0});
  if (how != Written::Literal)
    m.node(how == Written::Tile ? "Tile" : "Expand", {"token", "form"}, {"tokens"});
  set(m.node("Concat", {how == Written::Literal ? "token" : "tokens", "x"}, {"y"}), "axis", std::int64_t{1});
  return m;
}

class EveryExample : public ::testing::TestWithParam<Written> {};

TEST_P(EveryExample, HasTheTokenInFront) {
  const ScratchFolder folder;
  const Graph g = with_token(GetParam()).import(folder);
  ASSERT_EQ(g.trained().size(), 1u);
  EXPECT_EQ(g.values[g.trained()[0]].name, "token");
  for (const std::size_t batch : {1, 4}) {
    const PublicTensor x = wave({batch, 2, 3}), y = tacit::testing::run(g, {x})[0];
    ASSERT_EQ(y.shape, (Shape{batch, 3, 3}));
    for (std::size_t i = 0; i < y.values.size(); ++i) {
      const std::size_t in = i % 9;
      EXPECT_EQ(y.values[i], in < 3 ? 7.0 + static_cast<double>(in) : x.values[i / 9 * 6 + in - 3]) << i;
    }
  }
  const std::vector<PublicTensor> weights{g.values[g.trained()[0]].initial};
  const std::string file = export_onnx(g, weights, {"m", {}});
  const Graph back = import_onnx(folder.write("back.onnx", file));
  EXPECT_EQ(export_onnx(back, weights, {"m", {}}), file);
  EXPECT_EQ(tacit::testing::run(back, {wave({4, 2, 3})})[0].values,
            tacit::testing::run(g, {wave({4, 2, 3})})[0].values);
}

INSTANTIATE_TEST_SUITE_P(All, EveryExample,
                         ::testing::Values(Written::Expand, Written::ExpandOfLess, Written::Tile,
                                           Written::Literal));

/// x + state w, where the state is ones, of shape [N, 2] or [1, N, 2].
Model with_state(bool layers) {
  Model m;
  m.input("x", {0, 2}).output("y").hold(floats("w", {2, 2}, {1, 2, 3, 4}));
  m.hold(integers("one", {1}, {1})).node("Shape", {"x"}, {"shape"});
  if (layers) set(m.node("Concat", {"one", "shape"}, {"form"}), "axis", std::int64_t{0});
  set(m.node("ConstantOfShape", {layers ? "form" : "shape"}, {"state"}), "value", floats("", {1}, {1}));
  m.node("MatMul", {"state", "w"}, {"p"});
  m.node("Add", {"x", "p"}, {"y"});
  return m;
}

TEST(FirstStates, AreEachExamples) {
  const ScratchFolder folder;
  for (const bool layers : {false, true}) {
    const Graph g = with_state(layers).import(folder);
    const PublicTensor y = tacit::testing::run(g, {{{3, 2}, {0, 0, 1, 1, 2, 2}}})[0];
    EXPECT_EQ(y.values, (Numbers{4, 6, 5, 7, 6, 8})) << layers;
    EXPECT_EQ(y.shape, layers ? (Shape{1, 3, 2}) : (Shape{3, 2}));
    const std::vector<PublicTensor> weights{g.values[g.trained()[0]].initial};
    const std::string file = export_onnx(g, weights, {"m", {}});
    EXPECT_EQ(export_onnx(import_onnx(folder.write("back.onnx", file)), weights, {"m", {}}), file);
  }
}

TEST(FirstStates, OfKnownNumbersAreKnown) {
  const ScratchFolder folder;
  Model m;
  m.input("x", {0, 2}).output("y").node("Shape", {"x"}, {"shape"});
  set(m.node("Constant", {}, {"seven"}), "value", floats("", {1, 1}, {7}));
  m.node("Expand", {"seven", "shape"}, {"sevens"});
  m.node("Add", {"x", "sevens"}, {"y"});
  const Graph g = m.import(folder);
  ASSERT_EQ(g.nodes.size(), 1u);
  EXPECT_EQ(tacit::testing::run(g, {{{2, 2}, {0, 1, 2, 3}}})[0].values, (Numbers{7, 8, 9, 10}));
}

/// Rows of a sequence that goes first, [3, N, 2], each with a weight behind it.
TEST(FirstStates, AreJoinedWhereverTheBatchStands) {
  const ScratchFolder folder;
  Model m;
  m.input("x", {0, 3, 2}).output("y").hold(floats("w", {3, 1, 1}, {7, 8, 9}));
  set(m.node("Transpose", {"x"}, {"rows"}), "perm", Integers{1, 0, 2});
  set(m.node("Concat", {"rows", "w"}, {"y"}), "axis", std::int64_t{-1});
  const PublicTensor y = tacit::testing::run(m.import(folder), {wave({2, 3, 2})})[0];
  ASSERT_EQ(y.shape, (Shape{3, 2, 3}));
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(y.values[3 * i + 2], static_cast<double>(7 + i / 2));
}

TEST(FirstStates, ThatDifferFromBatchToBatchAreRefused) {
  const ScratchFolder folder;
  Model m;
  m.input("x", {0, 2}).output("y").hold(floats("w", {2, 2}, {1, 2, 3, 4}));
  m.hold(integers("first", {}, {0})).node("Shape", {"x"}, {"shape"});
  set(m.node("ConstantOfShape", {"shape"}, {"ones"}), "value", floats("", {1}, {1}));
  m.node("Gather", {"shape", "first"}, {"batch"});
  set(m.node("Cast", {"batch"}, {"count"}), "to", std::int64_t{::onnx::TensorProto::FLOAT});
  m.node("Mul", {"ones", "count"}, {"state"});
  m.node("MatMul", {"state", "w"}, {"p"});
  m.node("Add", {"x", "p"}, {"y"});
  EXPECT_EQ(
      usage_error(folder, [&] { m.import(folder); }),
      "'node_p' (MatMul) takes its 'state' from the size of the batch; make it a constant that holds for "
      "every batch");
}

}  // namespace
}  // namespace tacit::nn
