// What the import writes as transpositions and matrix products, masks before a softmax, and models of several
// inputs and outputs.
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "tacit/nn/graph/onnx_export.h"
#include "tacit/nn/testing/onnx_models.h"

namespace tacit::nn {
namespace {

using namespace tacit::testing;
using Type = ::onnx::TensorProto;

class OnnxProducts : public ::testing::Test {
 protected:
  std::string error(const Model& model) {
    return usage_error(folder_, [&] { model.import(folder_); });
  }
  ScratchFolder folder_;
};

std::vector<std::string_view> ops(const Graph& g) {
  std::vector<std::string_view> out;
  for (const Node& n : g.nodes) out.push_back(n.op->name);
  return out;
}
using Ops = std::vector<std::string_view>;

Model einsum(const std::string& equation, const std::vector<Integers>& shapes) {
  Model m;
  m.output("y");
  std::vector<std::string> in;
  for (const Integers& shape : shapes) {
    in.push_back("x" + std::to_string(in.size()));
    m.input(in.back(), shape);
  }
  set_text(m.node("Einsum", in, {"y"}), "equation", equation);
  return m;
}

/// The sum over all letters that the result lacks, letter by letter.
PublicTensor by_letters(const std::vector<std::string>& terms, const std::string& out,
                        const std::vector<PublicTensor>& in) {
  std::map<char, std::size_t> extent;
  for (std::size_t t = 0; t < terms.size(); ++t)
    for (std::size_t i = 0; i < terms[t].size(); ++i) extent[terms[t][i]] = in[t].shape[i];
  PublicTensor y{{}, {}};
  for (char c : out) y.shape.push_back(extent[c]);
  y.values.assign(elements(y.shape), 0);
  std::map<char, std::size_t> at;
  const auto place = [&](const std::string& term, const Shape& shape) {
    std::size_t p = 0;
    for (std::size_t i = 0; i < term.size(); ++i) p = p * shape[i] + at[term[i]];
    return p;
  };
  std::function<void(std::map<char, std::size_t>::iterator)> walk = [&](auto letter) {
    if (letter == extent.end()) {
      double product = 1;
      for (std::size_t t = 0; t < terms.size(); ++t) product *= in[t].values[place(terms[t], in[t].shape)];
      y.values[place(out, y.shape)] += product;
      return;
    }
    for (std::size_t i = 0; i < letter->second; ++i) {
      at[letter->first] = i;
      walk(std::next(letter));
    }
  };
  walk(extent.begin());
  return y;
}

void expect_near(const PublicTensor& got, const PublicTensor& want, const std::string& where) {
  ASSERT_EQ(got.shape, want.shape) << where;
  for (std::size_t i = 0; i < want.values.size(); ++i)
    ASSERT_NEAR(got.values[i], want.values[i], 1e-9) << where << " at " << i;
}

TEST_F(OnnxProducts, EinsumIsItsSum) {
  const struct {
    std::vector<std::string> terms;
    std::string out;
    std::vector<Shape> shapes;  // for a batch of three
  } cases[] = {
      {{"nij", "njk"}, "nik", {{3, 4, 2}, {3, 2, 5}}},
      {{"nhqd", "nhkd"}, "nhqk", {{3, 2, 4, 5}, {3, 2, 6, 5}}},
      {{"nhqk", "nhkd"}, "nqhd", {{3, 2, 4, 6}, {3, 2, 6, 5}}},
      {{"nqhd", "nkhd"}, "nhqk", {{3, 4, 2, 5}, {3, 6, 2, 5}}},
      {{"nd", "nd"}, "n", {{3, 4}, {3, 4}}},
      {{"nd", "ne"}, "nde", {{3, 4}, {3, 2}}},
      {{"nij", "njk"}, "nk", {{3, 4, 2}, {3, 2, 5}}},
      {{"nij"}, "nji", {{3, 4, 2}}},
      {{"nij"}, "nj", {{3, 4, 2}}},
      {{"nij"}, "nij", {{3, 4, 2}}},
  };
  for (const auto& c : cases) {
    std::string equation = c.terms[0];
    for (std::size_t i = 1; i < c.terms.size(); ++i) equation += ", " + c.terms[i];
    equation += " -> " + c.out;
    std::vector<Integers> open;
    std::vector<PublicTensor> given;
    for (const Shape& shape : c.shapes) {
      open.emplace_back(shape.begin(), shape.end());
      open.back()[0] = 0;
      given.push_back(wave(shape, 1 + static_cast<double>(given.size())));
    }
    const Graph g = einsum(equation, open).import(folder_);
    expect_near(run(g, given)[0], by_letters(c.terms, c.out, given), equation);
  }
}

TEST_F(OnnxProducts, EinsumByAWeight) {
  Model m;
  m.input("x", {0, 4, 2}).output("y").hold(floats("w", {2, 3}, {1, 2, 3, 4, 5, 6}));
  set_text(m.node("Einsum", {"x", "w"}, {"y"}), "equation", "btd,de->bte");
  const Graph g = m.import(folder_);
  EXPECT_EQ(g.parameters().size(), 1u);
  const PublicTensor x = wave({5, 4, 2}), w{{2, 3}, {1, 2, 3, 4, 5, 6}};
  expect_near(run(g, {x})[0], by_letters({"btd", "de"}, "bte", {x, w}), "by a weight");
}

TEST_F(OnnxProducts, WithoutARightSideLettersThatStandOnceRemainInOrder) {
  Model m;
  m.input("x", {0, 2}).output("y").hold(floats("w", {2, 3}, {1, 2, 3, 4, 5, 6}));
  set_text(m.node("Einsum", {"x", "w"}, {"y"}), "equation", "bj,ja");
  const PublicTensor x = wave({4, 2}), w{{2, 3}, {1, 2, 3, 4, 5, 6}};
  expect_near(run(m.import(folder_), {x})[0], by_letters({"bj", "ja"}, "ab", {x, w}), "bj,ja");
}

TEST_F(OnnxProducts, EinsumThatTacitDoesNotDoSaysSo) {
  EXPECT_EQ(
      error(einsum("nii->ni", {{0, 3, 3}})),
      "'node_y' (Einsum) takes a diagonal (the axis 'i' twice in one term), which tacit does not do; use "
      "Gather");
  EXPECT_EQ(
      error(einsum("...ij->...ji", {{0, 3, 3}})),
      "'node_y' (Einsum) names axes by something else than letters ('...ij->...ji'), which tacit does not "
      "read; name every axis by a letter");
  EXPECT_EQ(error(einsum("nij,njk->nil", {{0, 3, 3}, {0, 3, 3}})),
            "'node_y' (Einsum) has the axis 'l' in its result alone; export the model again");
  EXPECT_EQ(
      error(einsum("nij,nkl->nik", {{0, 3, 3}})),
      "'node_y' (Einsum) joins 1 tensors by 2 terms, and tacit one or two; write it as products of two");
  EXPECT_EQ(error(einsum("nij,njk->nik", {{0, 3, 4}, {0, 3, 4}})),
            "'node_y' (Einsum) joins axes of 4 and 3 under the letter 'j'");
  EXPECT_EQ(error(einsum("nij->n", {{0, 3}})), "'node_y' (Einsum) names 3 axes of a tensor of shape 1x3");
  EXPECT_EQ(error(einsum("", {{0, 3}})), "'node_y' (Einsum) has no equation; export the model again");
}

TEST_F(OnnxProducts, VectorsAsFactors) {
  Model m;
  m.input("x", {0, 2, 3}).output("y").hold(floats("v", {3}, {1, 2, 3}));
  m.node("MatMul", {"x", "v"}, {"y"});
  const PublicTensor x = wave({4, 2, 3}), v{{3}, {1, 2, 3}};
  Graph g = m.import(folder_);
  EXPECT_EQ(g.parameters().size(), 1u);
  expect_near(run(g, {x})[0], by_letters({"nij", "j"}, "ni", {x, v}), "x v");
  Model left;
  left.input("x", {0, 2, 3}).output("y").hold(floats("v", {2}, {1, 2}));
  left.node("MatMul", {"v", "x"}, {"y"});
  g = left.import(folder_);
  expect_near(run(g, {x})[0], by_letters({"i", "nij"}, "nj", {{{2}, {1, 2}}, x}), "v x");
}

/// Token numbers [batch, 4] through a table of five rows of three.
Model embedding() {
  Model m;
  m.input("tokens", {0, 4}, Type::INT64).output("y");
  Numbers table(15);
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<double>(i) / 4;
  m.hold(floats("table", {5, 3}, table)).node("Gather", {"table", "tokens"}, {"y"});
  return m;
}

TEST_F(OnnxProducts, AnEmbeddingOfPrivatePlaces) {
  const Graph g = embedding().import(folder_);
  EXPECT_EQ(ops(g), (Ops{"Reshape", "OneHot", "MatMul", "Reshape"}));
  EXPECT_EQ(g.trained().size(), 1u);
  const PublicTensor y = run(g, {{{2, 4}, {0, 4, 2, 2, 1, -1, 3, 0}}})[0];
  EXPECT_EQ(y.shape, (Shape{2, 4, 3}));
  const double rows[] = {0, 4, 2, 2, 1, 4, 3, 0};
  for (std::size_t i = 0; i < 8; ++i)
    for (std::size_t k = 0; k < 3; ++k)
      EXPECT_EQ(y.values[3 * i + k], (3 * rows[i] + static_cast<double>(k)) / 4) << i;
  // Of a file that tacit writes, other programs read the places as integers, and so does tacit.
  const std::string file = export_onnx(g, {g.values[g.parameters()[0]].initial}, {});
  ::onnx::ModelProto model;
  ASSERT_TRUE(model.ParseFromString(file));
  EXPECT_EQ(model.graph().input(0).type().tensor_type().elem_type(), Type::INT64);
  const Graph back = import_onnx(folder_.write("b.onnx", file));
  EXPECT_EQ(ops(back), ops(g));
  EXPECT_EQ(run(back, {{{2, 4}, {0, 4, 2, 2, 1, -1, 3, 0}}})[0].values, y.values);
}

TEST_F(OnnxProducts, OtherPrivatePlacesAreRefused) {
  Model m;
  m.input("at", {0}, Type::INT64).output("y").hold(floats("w", {2, 2, 2}, Numbers(8, 1)));
  m.node("Gather", {"w", "at"}, {"y"});
  EXPECT_EQ(
      error(m),
      "'node_y' (Gather) takes elements along an axis of a tensor of shape 2x2x2 at places that come from "
      "data; tacit does so for the rows of a table of two axes alone, so make the places a constant, or use "
      "OneHot and MatMul");
}

/// Scores [batch, 3] plus a mask, then a softmax.
Model masked(const std::string& op, ::onnx::TensorProto mask) {
  Model m;
  m.input("x", {0, 3}).output("y").hold(std::move(mask));
  if (op == "Add") {
    m.node("Add", {"x", "mask"}, {"s"});
  } else {
    m.hold(floats("none", {}, {-INFINITY}));
    m.node("Where", {"mask", "none", "x"}, {"s"});
  }
  m.node("Softmax", {"s"}, {"y"});
  return m;
}

TEST_F(OnnxProducts, MasksBeforeASoftmaxAreNoWeights) {
  Type which = integers("mask", {3}, {0, 0, 1});
  which.set_data_type(Type::BOOL);
  which.clear_int64_data();
  for (int v : {0, 0, 1}) which.add_int32_data(v);
  for (const Model& m : {masked("Add", floats("mask", {3}, {0, 0, -INFINITY})),
                         masked("Add", floats("mask", {3}, {0, 0, -3.4e38})), masked("Where", which)}) {
    const Graph g = m.import(folder_);
    EXPECT_TRUE(g.parameters().empty());
    const Numbers y = run(g, {{{1, 3}, {1, 1, 5}}})[0].values;
    EXPECT_NEAR(y[0], 0.5, 1e-5);
    EXPECT_NEAR(y[1], 0.5, 1e-5);
    EXPECT_NEAR(y[2], 0, 1e-5);
  }
  // Where something else reads the sum, an infinite number is one that fixed point does not hold.
  Model m = masked("Add", floats("mask", {3}, {0, 0, -INFINITY}));
  m.output("s");
  EXPECT_EQ(error(m), "the weight 'mask' holds -inf; train the model again, from finite numbers");
}

TEST_F(OnnxProducts, SeveralInputsAndOutputs) {
  Model m;
  m.input("a", {0, 2}).input("b", {0, 3}).output("sum").output("left");
  m.hold(floats("v", {2, 1}, {1, 2})).hold(floats("w", {3, 1}, {3, 4, 5}));
  m.node("MatMul", {"a", "v"}, {"left"});
  m.node("MatMul", {"b", "w"}, {"right"});
  m.node("Add", {"left", "right"}, {"sum"});
  const Graph g = m.import(folder_);
  ASSERT_EQ(g.inputs.size(), 2u);
  ASSERT_EQ(g.outputs.size(), 2u);
  const auto y = run(g, {{{2, 2}, {1, 0, 0, 1}}, {{2, 3}, {1, 0, 0, 0, 0, 1}}});
  EXPECT_EQ(y[0].values, (Numbers{4, 7}));
  EXPECT_EQ(y[1].values, (Numbers{1, 2}));
  std::vector<PublicTensor> weights;
  for (ValueId id : g.parameters()) weights.push_back(g.values[id].initial);
  const Graph back = import_onnx(folder_.write("b.onnx", export_onnx(g, weights, {})));
  EXPECT_EQ(back.inputs.size(), 2u);
  EXPECT_EQ(back.values[back.outputs[1]].name, "left");
}

TEST_F(OnnxProducts, AllThatIsWrongIsToldAtOnce) {
  Model m;
  m.input("x", {0, 2}).output("y").hold(floats("half", {2}, {0.5, 1.5}));
  set(m.node("Cast", {"x"}, {"a"}), "to", std::int64_t{Type::INT64});
  m.node("Mish", {"x"}, {"b"});
  m.node("Pow", {"x", "half"}, {"c"});
  m.node("Sum", {"a", "b", "c"}, {"y"});
  EXPECT_EQ(
      error(m),
      "the model 'm.onnx' uses an operator that tacit does not have: Mish (one node: use HardSwish or Relu); "
      "'node_a' (Cast) rounds or tests numbers that are secret, which tacit does not do; compare with "
      "Greater "
      "instead; 'node_c' (Pow) takes a power of each element of its own, and tacit one for all; split the "
      "tensor ('tacit check m.onnx' tells more)");
}

}  // namespace
}  // namespace tacit::nn
