// Weights of 8 bits are read as the floats that they stand for.
#include "tacit/trace/leaked.h"

#include <gtest/gtest.h>

#include "tacit/trace/layers.h"
#include "tacit/trace/testing/traced_world.h"

namespace tacit::trace {
namespace {

using namespace tacit::testing;

::onnx::TensorProto bytes_tensor(const std::string& name, const Integers& dims, const Integers& values,
                                 bool is_signed) {
  ::onnx::TensorProto t;
  t.set_name(name);
  t.set_data_type(is_signed ? ::onnx::TensorProto::INT8 : ::onnx::TensorProto::UINT8);
  for (const auto d : dims) t.add_dims(d);
  for (const auto v : values) t.add_int32_data(static_cast<std::int32_t>(v));
  return t;
}

/// A product with a matrix of 2 inputs and 3 outputs.
Model quantised(const Numbers& scales, const Integers& zeros, std::int64_t axis) {
  Model m;
  m.input("x", {0, 2}).output("y");
  m.hold(bytes_tensor("w_q", {2, 3}, {-3, -2, -1, 1, 2, 3}, true));
  const auto n = static_cast<std::int64_t>(scales.size());
  m.hold(floats("scale", n == 1 ? Integers{} : Integers{n}, scales));
  m.hold(bytes_tensor("zero", n == 1 ? Integers{} : Integers{n}, zeros, true));
  // What activations pass through.
  m.hold(floats("x_scale", {}, {0.1})).hold(bytes_tensor("x_zero", {}, {0}, true));
  m.node("QuantizeLinear", {"x", "x_scale", "x_zero"}, {"x_q"});
  m.node("DequantizeLinear", {"x_q", "x_scale", "x_zero"}, {"x_f"});
  set(m.node("DequantizeLinear", {"w_q", "scale", "zero"}, {"w"}), "axis", axis);
  m.node("MatMul", {"x_f", "w"}, {"y"});
  return m;
}
std::vector<double> weights_of(const Model& m) {
  const auto layers = layers_of(import_leaked(bytes_of(m.bytes()), "m"));
  EXPECT_EQ(layers.size(), 1u);
  return layers.empty() ? std::vector<double>() : layers[0].weights;
}

TEST(Leaked, WeightsOfEightBits) {
  // A row for each output.
  EXPECT_EQ(weights_of(quantised({0.5}, {1}, 1)), (std::vector<double>{-2, 0, -1.5, 0.5, -1, 1}));
  EXPECT_EQ(weights_of(quantised({1, 2, 4}, {0, 0, 1}, 1)), (std::vector<double>{-3, 1, -4, 4, -8, 8}));
  EXPECT_EQ(weights_of(quantised({1, 2}, {0, 0}, -2)), (std::vector<double>{-3, 2, -2, 4, -1, 6}));
}

TEST(Leaked, FilesAndBytesAreReadAlike) {
  const ScratchFolder folder;
  const Model m = quantised({0.5}, {1}, 1);
  EXPECT_EQ(layers_of(import_leaked(folder.write("q.onnx", m.bytes())))[0].weights, weights_of(m));
  const Model plain = net(net_weights(1));
  EXPECT_EQ(layers_of(import_leaked(folder.write("p.onnx", plain.bytes())))[1].weights,
            layers_of(import_leaked(bytes_of(plain.bytes()), "p"))[1].weights);
}

TEST(Leaked, WhatIsNotReadIsSaid) {
  const ScratchFolder folder;
  const auto said = [&](const Model& m) {
    return usage_error(folder, [&] { import_leaked(bytes_of(m.bytes()), "m"); });
  };
  EXPECT_NE(said(quantised({1, 2}, {0, 0}, 1)).find("has 2 scales for weights of shape 2x3"),
            std::string::npos);
  EXPECT_NE(said(quantised({1, 2}, {0, 0}, 7)).find("along an axis"), std::string::npos);
  Model computed = quantised({0.5}, {1}, 1);
  computed.node("Identity", {"scale"}, {"scale_2"});
  computed.graph().mutable_node(2)->set_input(1, "scale_2");
  EXPECT_NE(said(computed).find("that are computed"), std::string::npos);
  Model bare = quantised({0.5}, {1}, 1);
  bare.graph().mutable_node(0)->clear_input();
  EXPECT_NE(said(bare).find("has not the inputs"), std::string::npos);
}

}  // namespace
}  // namespace tacit::trace
