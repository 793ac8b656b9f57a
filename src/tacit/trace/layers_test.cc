// Matrices of weights lie the same way, however a file writes them.
#include "tacit/trace/layers.h"

#include <gtest/gtest.h>

#include "tacit/trace/testing/traced_world.h"

namespace tacit::trace {
namespace {

using namespace tacit::testing;

TEST(Layers, OfOneFormHoweverTheyAreWritten) {
  const Numbers rows = wave({6}).values;  // of 2 outputs and 3 inputs
  const Numbers columns = {rows[0], rows[3], rows[1], rows[4], rows[2], rows[5]};
  Model gemm, turned, product;
  for (Model* m : {&gemm, &turned, &product}) m->input("x", {0, 3}).output("y");
  gemm.hold(floats("w", {2, 3}, rows));
  set(gemm.node("Gemm", {"x", "w"}, {"y"}), "transB", std::int64_t{1});
  turned.hold(floats("w", {3, 2}, columns));
  turned.node("Gemm", {"x", "w"}, {"y"});
  product.hold(floats("w", {3, 2}, columns));
  product.node("MatMul", {"x", "w"}, {"y"});
  for (const Model* m : {&gemm, &turned, &product}) {
    const auto found = layers_in(*m);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].rows, 2u);
    EXPECT_EQ(found[0].columns, 3u);
    EXPECT_EQ(found[0].name, "w");
    EXPECT_EQ(found[0].turned, m != &gemm);
    for (std::size_t i = 0; i < 6; ++i)
      EXPECT_EQ(found[0].weights[i], static_cast<double>(static_cast<float>(rows[i])));
    // Where the tensor has them.
    EXPECT_EQ(found[0].place(1, 2), 5u);
    EXPECT_EQ(found[0].place(0, 2), m == &gemm ? 2u : 4u);
  }
}

TEST(Layers, KnowWhoseOutputsTheyRead) {
  Model m;
  m.input("x", {0, 2, 4, 4}).output("y");
  m.hold(floats("a", {3, 2, 3, 3}, wave({54}).values)).hold(floats("b", {3, 3, 1, 1}, wave({9}).values));
  m.hold(floats("c", {12, 5}, wave({60}).values)).hold(floats("d", {5, 2}, wave({10}).values));
  m.node("Conv", {"x", "a"}, {"ya"});  // 3 channels of 2 x 2
  m.node("Relu", {"ya"}, {"ra"});
  m.node("Conv", {"ra", "b"}, {"yb"});
  m.node("Add", {"yb", "ra"}, {"sum"});  // a way around
  m.node("Flatten", {"sum"}, {"flat"});
  m.node("MatMul", {"flat", "c"}, {"yc"});
  m.node("Softmax", {"yc"}, {"sc"});  // behind it channels are no more what they were
  m.node("MatMul", {"sc", "d"}, {"y"});
  const auto found = layers_in(m);
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[0].producer, std::nullopt);
  EXPECT_EQ(found[0].block, 9u);
  EXPECT_EQ(found[1].producer, 0u);
  EXPECT_EQ(found[2].producer, 1u);
  EXPECT_EQ(found[3].producer, std::nullopt);
  EXPECT_EQ(count_carriers(found), 54u + 9 + 60 + 10);
}

TEST(Layers, WhatCarriesNothing) {
  Model m;
  m.input("x", {0, 3}).output("y");
  m.hold(floats("w", {2, 3}, {1, 0, 2, 0, 0, 0}));
  set(m.node("Gemm", {"x", "w"}, {"y"}), "transB", std::int64_t{1});
  const auto found = layers_in(m);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(count_carriers(found), 2u);
  EXPECT_NEAR(row_scales(found[0])[0], std::sqrt(5.0 / 3), 1e-12);
  EXPECT_EQ(row_scales(found[0])[1], 0);
}

}  // namespace
}  // namespace tacit::trace
