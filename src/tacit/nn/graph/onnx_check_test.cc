// The table that is made of a model before anything runs.
#include "tacit/nn/graph/onnx_check.h"

#include <gtest/gtest.h>

#include "tacit/nn/graph/onnx_unsupported.h"
#include "tacit/nn/testing/engines.h"
#include "tacit/nn/testing/onnx_models.h"

namespace tacit::nn {
namespace {

using namespace tacit::testing;
using Type = ::onnx::TensorProto;

class OnnxCheckTest : public ::testing::Test {
 protected:
  OnnxCheck check(const Model& m) { return check_onnx(folder_.write("m.onnx", m.bytes())); }
  ScratchFolder folder_;
};

const OperatorLine& line(const OnnxCheck& check, std::string_view op) {
  for (const OperatorLine& l : check.operators)
    if (l.name == op) return l;
  throw std::runtime_error("no line for " + std::string(op));
}

TEST_F(OnnxCheckTest, WhatIsSupportedAndWhatItCosts) {
  Model m;
  m.input("x", {0, 8}).output("y").hold(floats("w", {8, 4}, Numbers(32, 0.5)));
  m.node("Identity", {"x"}, {"i"});
  m.node("MatMul", {"i", "w"}, {"p"});
  m.node("Gelu", {"p"}, {"g"});
  m.node("Gelu", {"g"}, {"y"});
  const OnnxCheck told = check(m);
  EXPECT_TRUE(told.supported());
  EXPECT_EQ(told.opset, 17);
  EXPECT_EQ(told.ir_version, 8);
  EXPECT_EQ(told.parameters, 32u);
  ASSERT_EQ(told.inputs.size(), 1u);
  EXPECT_EQ(told.inputs[0].extents, (Integers{-1, 8}));
  ASSERT_EQ(told.outputs.size(), 1u);
  EXPECT_EQ(told.outputs[0].name, "y");
  EXPECT_EQ(told.outputs[0].extents, (Integers{-1, 4}));
  ASSERT_EQ(told.operators.size(), 3u);
  EXPECT_EQ(line(told, "Identity").left_out, 1u);
  EXPECT_EQ(line(told, "Gelu").nodes, 2u);
  EXPECT_EQ(line(told, "Gelu").left_out, 0u);
  const auto total = told.total();
  ASSERT_TRUE(total);
  EXPECT_EQ(total->bytes, line(told, "Gelu").costs->bytes + line(told, "MatMul").costs->bytes);

  // The same as what the parties are told to send for one example.
  const Graph g = m.import(folder_);
  std::uint64_t bytes = 0;
  for (std::size_t party = 0; party < 3; ++party)
    testing::on_dry(party_id(party), profile_named("lan"), [&](Ctx& ctx) {
      const Parameters parameters = initial_parameters(ctx, g);
      const Secret<Real> x = fn::input(ctx, party_id(0), nullptr, {1, 8});
      bytes += testing::dry_cost(ctx, [&] { forward(ctx, g, parameters, {&x, 1}); }).payload;
    });
  EXPECT_EQ(total->bytes, bytes);
  EXPECT_GT(total->rounds, 0u);
}

TEST_F(OnnxCheckTest, EverythingThatIsNotSupportedIsThereAtOnce) {
  Model m;
  m.input("x", {0, 3, 4, 4}).output("y").hold(floats("half", {2}, {0.5, 1.5}));
  m.node("Mish", {"x"}, {"a"});
  m.node("Mish", {"a"}, {"b"});
  m.node("InstanceNormalization", {"x"}, {"c"});
  set(m.node("Cast", {"x"}, {"d"}), "to", std::int64_t{Type::INT64});
  m.node("Reluu", {"c"}, {"e"});
  m.node("Frobnicate", {"e"}, {"f"}).set_domain("com.example");
  m.node("Relu", {"f"}, {"g"});
  m.node("Sum", {"b", "d", "g"}, {"y"});
  const OnnxCheck told = check(m);
  EXPECT_FALSE(told.supported());
  EXPECT_TRUE(told.outputs.empty());
  EXPECT_EQ(line(told, "Mish").refused, 2u);
  EXPECT_EQ(line(told, "Mish").instead, "use HardSwish or Relu");
  ASSERT_TRUE(line(told, "Mish").price_counted);
  EXPECT_GT(line(told, "Mish").price_counted->bytes, 0u);
  EXPECT_EQ(line(told, "Mish").price, in_words(*line(told, "Mish").price_counted) +
                                          " an example, and the model is to be trained again");
  ASSERT_TRUE(line(told, "InstanceNormalization").price_counted);
  EXPECT_GT(line(told, "InstanceNormalization").price_counted->bytes, 0u);
  EXPECT_EQ(line(told, "Cast").refused, 1u);
  EXPECT_EQ(line(told, "Cast").instead, "");
  ASSERT_EQ(line(told, "Cast").problems.size(), 1u);
  EXPECT_NE(line(told, "Cast").problems[0].find("secret"), std::string::npos);
  EXPECT_EQ(line(told, "Reluu").instead, "is Relu meant?");
  EXPECT_EQ(line(told, "com.example.Frobnicate").instead, "express it by the operators that tacit has");
  EXPECT_TRUE(line(told, "Relu").supported());
  EXPECT_EQ(line(told, "Relu").left_out, 0u);
  EXPECT_TRUE(line(told, "Sum").supported());
}

TEST_F(OnnxCheckTest, WhatIsOnlySeenWhenItRunsIsSeenHere) {
  Model m;
  m.input("x", {0, 2}).output("y").hold(integers("at", {1}, {5}));
  set(m.node("Gather", {"x", "at"}, {"y"}), "axis", std::int64_t{1});
  const OnnxCheck told = check(m);
  EXPECT_FALSE(told.supported());
  ASSERT_EQ(line(told, "Gather").problems.size(), 1u);
  EXPECT_NE(line(told, "Gather").problems[0].find("an axis of 2 has no place 5"), std::string::npos);
}

TEST_F(OnnxCheckTest, PricesOfSubstitutes) {
  const auto price = [](const char* op, const Shape& x) { return onnx_io::suggestion_for(op, x).costs; };
  const auto one = price("CumSum", {1, 4}), ten = price("CumSum", {10, 4});
  ASSERT_TRUE(one && ten);
  EXPECT_GT(ten->bytes, one->bytes);
  EXPECT_FALSE(price("GlobalLpPool", {1, 2}));
  for (const char* op : {"CumSum", "Attention", "ReduceLogSum", "LpNormalization", "TopK"})
    EXPECT_TRUE(price(op, {1, 4, 4})) << op;
}

TEST_F(OnnxCheckTest, ASubstituteIsForAnOperatorThatIsMissing) {
  for (const std::string_view op : onnx_io::operators_with_substitutes()) {
    EXPECT_EQ(find_op(op), nullptr) << op;
    const auto s = onnx_io::suggestion_for(std::string(op), Shape{1, 2, 4, 4});
    EXPECT_TRUE(s.words.starts_with("use ")) << op;
    EXPECT_FALSE(s.price.empty()) << op;
  }
}

TEST_F(OnnxCheckTest, AFileThatIsNoModelIsRefused) {
  EXPECT_EQ(usage_error(folder_, [&] { check_onnx(folder_.path("none.onnx")); }),
            "the model 'none.onnx' does not exist; check the path");
}

}  // namespace
}  // namespace tacit::nn
