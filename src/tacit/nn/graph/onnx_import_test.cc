// What the import makes of a file: weights and constants, open batches, folded shapes, and operators that are
// missing.
#include <gtest/gtest.h>

#include <algorithm>

#include "tacit/nn/graph/onnx_export.h"
#include "tacit/nn/testing/onnx_models.h"

namespace tacit::nn {
namespace {

using namespace tacit::testing;
using Type = ::onnx::TensorProto;

class OnnxImport : public ::testing::Test {
 protected:
  std::string error(const Model& model, ImportOptions options = {}) {
    return usage_error(folder_, [&] { model.import(folder_, options); });
  }
  ScratchFolder folder_;
};

std::vector<std::string_view> ops(const Graph& g) {
  std::vector<std::string_view> out;
  for (const Node& n : g.nodes) out.push_back(n.op->name);
  return out;
}
std::vector<std::string> parameter_names(const Graph& g) {
  std::vector<std::string> out;
  for (ValueId id : g.parameters()) out.push_back(g.values[id].name);
  return out;
}
using Ops = std::vector<std::string_view>;
using Names = std::vector<std::string>;

TEST_F(OnnxImport, WeightsAreParametersInTheFilesOrder) {
  Model m;
  m.input("x", {0, 2}).output("y");
  m.hold(floats("b", {1}, {5})).hold(floats("unused", {7}, Numbers(7, 1)));
  m.hold(floats("two", {}, {2})).hold(floats("w", {2, 1}, {3, 4}));
  m.node("MatMul", {"x", "w"}, {"p"});
  m.node("Mul", {"p", "two"}, {"q"});
  m.node("Add", {"q", "b"}, {"y"});
  m.node("Relu", {"y"}, {"dead"});
  const Graph g = m.import(folder_);
  EXPECT_EQ(parameter_names(g), (Names{"b", "w"}));
  EXPECT_EQ(ops(g), (Ops{"MatMul", "Mul", "Add"}));
  EXPECT_EQ(g.values.size(), 7u);  // x, b, w, two and three results
  EXPECT_EQ(g.values[g.outputs[0]].name, "y");
  EXPECT_EQ(run(g, {{{2, 2}, {1, 0, 1, 1}}})[0].values, (Numbers{11, 19}));
}

TEST_F(OnnxImport, InitializersAmongTheInputsAreNoInputs) {
  Model m(8);
  m.proto.set_ir_version(3);
  m.input("x", {0, 2}).input("w", {2, 1}).output("y").hold(floats("w", {2, 1}, {3, 4}));
  m.node("MatMul", {"x", "w"}, {"y"});
  const Graph g = m.import(folder_);
  EXPECT_EQ(g.inputs.size(), 1u);
  EXPECT_EQ(parameter_names(g), Names{"w"});
}

TEST_F(OnnxImport, WhatDoesNothingInInferenceIsLeftOut) {
  for (const int opset : {7, 11, 12, 17}) {
    Model m(opset);
    m.input("x", {0, 2}).output("y").hold(floats("w", {2, 1}, {3, 4}));
    m.node("Identity", {"x"}, {"a"});
    auto& drop = m.node("Dropout", {"a"}, {"b", "mask"});
    if (opset < 12) set_real(drop, "ratio", 0.3);
    m.node("Identity", {"w"}, {"v"});
    m.node("MatMul", {"b", "v"}, {"c"});
    set(m.node("Cast", {"c"}, {"d"}), "to", std::int64_t{Type::FLOAT});
    m.node("Identity", {"d"}, {"y"});
    const Graph g = m.import(folder_);
    EXPECT_EQ(ops(g), Ops{"MatMul"}) << opset;
    EXPECT_EQ(parameter_names(g), Names{"w"});
    EXPECT_EQ(g.values[g.outputs[0]].name, "y");
  }
}

TEST_F(OnnxImport, AWeightThatIsOnlyArrangedIsOneOfThatForm) {
  Model m;
  m.input("x", {0, 3})
      .output("y")
      .hold(floats("w", {2, 3}, {1, 2, 3, 4, 5, 6}))
      .hold(integers("s", {2}, {3, 2}));
  m.node("Transpose", {"w"}, {"t"});
  m.node("MatMul", {"x", "t"}, {"y"});
  Graph g = m.import(folder_);
  EXPECT_EQ(ops(g), Ops{"MatMul"});
  ASSERT_EQ(parameter_names(g), Names{"w"});
  EXPECT_EQ(g.values[g.parameters()[0]].initial.values, (Numbers{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(g.values[g.parameters()[0]].shape, (Shape{3, 2}));

  // One that others read as well stays whole.
  Model tied;
  tied.input("x", {0, 3})
      .output("y")
      .hold(floats("w", {2, 3}, {1, 2, 3, 4, 5, 6}))
      .hold(integers("s", {2}, {3, 2}));
  tied.node("Reshape", {"w", "s"}, {"r"});
  tied.node("MatMul", {"x", "r"}, {"h"});
  tied.node("MatMul", {"h", "w"}, {"y"});
  g = tied.import(folder_);
  EXPECT_EQ(ops(g), (Ops{"Reshape", "MatMul", "MatMul"}));
  EXPECT_EQ(parameter_names(g), Names{"w"});
  EXPECT_EQ(run(g, {{{1, 3}, {1, 0, 0}}})[0].values, (Numbers{9, 12, 15}));
}

/// A model that reshapes x, of shape {batch, 2, 8}, to what `make` computes.
Model reshaping(std::int64_t batch, Integers shape) {
  Model m;
  m.input("x", {batch, 2, 8}).output("y").hold(integers("s", {std::int64_t(shape.size())}, shape));
  m.node("Reshape", {"x", "s"}, {"y"});
  return m;
}
Integers shape_attribute(const Graph& g) { return g.nodes.at(0).attrs.integers("shape"); }
Shape output_for(const Graph& g, std::size_t batch) { return run(g, {wave({batch, 2, 8})})[0].shape; }

TEST_F(OnnxImport, ReshapesLeaveTheBatchOpen) {
  const std::tuple<std::int64_t, Integers, Integers, Shape> cases[] = {
      {0, {0, 16}, {0, 16}, {3, 16}},         {0, {-1, 16}, {-1, 16}, {3, 16}},
      {0, {0, -1}, {0, -1}, {3, 16}},         {0, {1, -1}, {0, -1}, {3, 16}},
      {0, {1, 16}, {-1, 16}, {3, 16}},        {1, {1, 4, 4}, {-1, 4, 4}, {3, 4, 4}},
      {0, {4, 4}, {-1, 4}, {12, 4}},          {8, {8, -1}, {0, -1}, {3, 16}},
      {8, {8, 16}, {-1, 16}, {3, 16}},        {8, {16, 8}, {-1, 8}, {6, 8}},
      {1, {1, 2, -1}, {0, 2, -1}, {3, 2, 8}},
  };
  for (const auto& [batch, wanted, attribute, shape] : cases) {
    const Graph g = reshaping(batch, wanted).import(folder_);
    EXPECT_EQ(shape_attribute(g), attribute);
    EXPECT_EQ(output_for(g, 3), shape);
  }
  EXPECT_EQ(error(reshaping(0, {1, 17})).substr(0, 20), "'node_y' (Reshape): ");
  // As they stand, if that is asked for.
  const Graph g = reshaping(4, {4, 16}).import(folder_, {.open_batch = false});
  EXPECT_EQ(shape_attribute(g), (Integers{4, 16}));
  EXPECT_EQ(g.values[g.inputs[0]].shape, (Shape{4, 2, 8}));
}

TEST_F(OnnxImport, TheBatchIsFoundBetweenOtherAxes) {
  // As attention has it, which takes places first: [2, batch, 8] becomes each shape in turn.
  struct Case {
    std::int64_t batch;
    std::vector<Integers> shapes;
    Integers last;  ///< the attribute of the last
    Shape for_three;
  };
  const Case cases[] = {
      {1, {{2, 1, 4, 2}}, {2, -1, 4, 2}, {2, 3, 4, 2}},
      {1, {{2, 4, 2}}, {2, -1, 2}, {2, 12, 2}},
      {1, {{2, 8}}, {-1, 8}, {6, 8}},
      {1, {{2, 8}, {2, 1, 8}}, {2, -1, 8}, {2, 3, 8}},
      {1, {{2, 1, 2, 4}, {2, 8}}, {-1, 8}, {6, 8}},
      {5, {{2, 5, 4, 2}}, {2, -1, 4, 2}, {2, 3, 4, 2}},
      {5, {{2, 20, 2}}, {2, -1, 2}, {2, 12, 2}},
      {5, {{10, 8}}, {-1, 8}, {6, 8}},
      {5, {{10, 8}, {2, 5, 8}}, {2, -1, 8}, {2, 3, 8}},
  };
  for (const Case& c : cases) {
    Model m;
    m.input("x", {c.batch, 2, 8}).output("y");
    set(m.node("Transpose", {"x"}, {"t"}), "perm", Integers{1, 0, 2});
    std::string from = "t";
    for (std::size_t i = 0; i < c.shapes.size(); ++i) {
      const std::string n = std::to_string(i), to = i + 1 == c.shapes.size() ? "y" : "r" + n;
      m.hold(integers("s" + n, {std::int64_t(c.shapes[i].size())}, c.shapes[i]));
      m.node("Reshape", {from, "s" + n}, {to});
      from = to;
    }
    const Graph g = m.import(folder_);
    const Integers last = g.nodes.back().attrs.integers("shape");
    EXPECT_EQ(last, c.last) << to_string(c.for_three);
    EXPECT_EQ(output_for(g, 3), c.for_three) << c.batch;
  }
}

/// x.reshape(sizes), where sizes are computed from x's shape as exporters write it.
Model computed_reshape(int opset, const std::vector<Integers>& products) {
  Model m(opset);
  m.input("x", {0, 2, 8}).output("y").node("Shape", {"x"}, {"shape"});
  std::vector<std::string> parts;
  m.hold(integers("axes", {1}, {0}));
  for (const Integers& product : products) {
    const std::string p = "p" + std::to_string(parts.size());
    if (product[0] < 0) {
      set(m.node("Constant", {}, {p}), "value", integers("", {1}, product));
    } else {
      // The product of some axes: a scalar, made a vector again.
      std::string so_far;
      for (std::size_t i = 0; i < product.size(); ++i) {
        const std::string q = p + "_" + std::to_string(i);
        set(m.node("Constant", {}, {q + "i"}), "value", integers("", {}, {product[i]}));
        set(m.node("Gather", {"shape", q + "i"}, {q + "g"}), "axis", std::int64_t{0});
        if (i > 0) m.node("Mul", {so_far, q + "g"}, {q + "m"});
        so_far = q + (i > 0 ? "m" : "g");
      }
      if (opset < 13)
        set(m.node("Unsqueeze", {so_far}, {p}), "axes", Integers{0});
      else
        m.node("Unsqueeze", {so_far, "axes"}, {p});
    }
    parts.push_back(p);
  }
  set(m.node("Concat", parts, {"s"}), "axis", std::int64_t{0});
  m.node("Reshape", {"x", "s"}, {"y"});
  return m;
}

TEST_F(OnnxImport, ComputedShapesFollowTheBatch) {
  const std::tuple<std::vector<Integers>, Integers, Shape> cases[] = {
      {{{0}, {-1}}, {0, -1}, {3, 16}},           {{{0}, {1, 2}}, {0, 16}, {3, 16}},
      {{{0, 1}, {-1}}, {-1, 8}, {6, 8}},         {{{0, 1}, {2}}, {-1, 8}, {6, 8}},
      {{{-1}, {1}, {2}}, {-1, 2, 8}, {3, 2, 8}}, {{{2}, {0}, {1}}, {8, -1, 2}, {8, 3, 2}},
      {{{0}, {2}, {1}}, {0, 8, 2}, {3, 8, 2}},
  };
  for (const int opset : {9, 12, 13, 17, 21})
    for (const auto& [products, attribute, shape] : cases) {
      const Graph g = computed_reshape(opset, products).import(folder_);
      EXPECT_EQ(ops(g), Ops{"Reshape"});
      EXPECT_EQ(shape_attribute(g), attribute) << opset;
      EXPECT_EQ(output_for(g, 3), shape);
    }
}

TEST_F(OnnxImport, WhatMixesExamplesIsRefused) {
  Model m;
  m.input("x", {4, 2}).output("y").node("Shape", {"x"}, {"s"});
  set(m.node("Constant", {}, {"i"}), "value", integers("", {}, {0}));
  m.node("Gather", {"s", "i"}, {"n"});
  set(m.node("Cast", {"n"}, {"f"}), "to", std::int64_t{Type::FLOAT});
  m.node("Mul", {"x", "f"}, {"y"});
  EXPECT_EQ(error(m),
            "'node_y' (Mul) takes its 'f' from the size of the batch; make it a constant that holds for "
            "every batch");
  EXPECT_EQ(run(m.import(folder_, {.open_batch = false}), {{{4, 2}, Numbers(8, 1)}})[0].values,
            Numbers(8, 4));
}

TEST_F(OnnxImport, AConstantForEveryExampleMayStandOnce) {
  Model m;
  m.input("x", {0, 2}).output("y").node("Shape", {"x"}, {"s"});
  set(m.node("ConstantOfShape", {"s"}, {"ones"}), "value", floats("", {1}, {1}));
  m.node("Sub", {"ones", "x"}, {"y"});
  const Graph g = m.import(folder_);
  EXPECT_EQ(run(g, {{{2, 2}, {1, 2, 3, 4}}})[0].values, (Numbers{0, -1, -2, -3}));
}

TEST_F(OnnxImport, SharedBatchSizesMustAgree) {
  Model m;
  m.input("a", {4, 2}).input("b", {3, 2}).output("y").node("Add", {"a", "b"}, {"y"});
  EXPECT_EQ(error(m),
            "the model 'm.onnx' has inputs for 4 and for 3 examples; export it with one batch size, or an "
            "open one");
}

TEST_F(OnnxImport, MissingOperatorsAreNamedTogether) {
  Model m;
  m.input("x", {0, 2}).output("y").hold(floats("w", {2, 2}, Numbers(4, 1)));
  m.node("Mish", {"x"}, {"a"});
  m.node("Mish", {"a"}, {"b"});
  m.node("Shape", {"b"}, {"s"});
  m.node("Split", {"b"}, {"b1", "b2"});
  set(m.node("Cast", {"b2"}, {"b3"}), "to", std::int64_t{Type::FLOAT});
  m.node("Reshape", {"b3", "s"}, {"b4"});
  m.node("MatMull", {"b4", "w"}, {"c"});
  m.node("Frobnicate", {"c", "s"}, {"d"}).set_domain("com.example");
  m.node("Relu", {"d"}, {"y"});
  m.node("CumSum", {"x"}, {"dead"});
  EXPECT_EQ(error(m),
            "the model 'm.onnx' uses operators that tacit does not have: MatMull (one node: is MatMul "
            "meant?), Mish (2 nodes: use HardSwish or Relu), com.example.Frobnicate (one node: express it by "
            "the operators that tacit has) ('tacit check m.onnx' tells more)");
  Model second;
  second.input("x", {0, 1, 2, 2}).output("y");
  set(second.node("MaxPool", {"x"}, {"p", "places"}), "kernel_shape", Integers{2, 2});
  second.node("Relu", {"places"}, {"y"});
  EXPECT_EQ(
      error(second),
      "the model 'm.onnx' uses an operator that tacit does not have: the result 2 of MaxPool (one node: "
      "do without it) ('tacit check m.onnx' tells more)");
}

TEST_F(OnnxImport, WhatDependsOnDataCannotShapeIt) {
  Model m;
  m.input("x", {0, 2}).input("s", {2}, Type::INT64).output("y").node("Reshape", {"x", "s"}, {"y"});
  EXPECT_EQ(error(m),
            "'node_y' (Reshape) takes its 'shape' from data, and it must be known before the model runs; "
            "make it a constant");
  Model rounding;
  rounding.input("x", {0, 2}).output("y");
  set(rounding.node("Cast", {"x"}, {"y"}), "to", std::int64_t{Type::INT64});
  EXPECT_EQ(error(rounding),
            "'node_y' (Cast) rounds or tests numbers that are secret, which tacit does not do; compare with "
            "Greater instead");
}

}  // namespace
}  // namespace tacit::nn
