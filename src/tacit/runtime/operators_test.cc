// Every operator of the table, every row of the conformance suite of nn/: in float32 the same as its
// reference, with operands that come with each run and with operands that are the model's own.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tacit/base/error.h"
#include "tacit/nn/testing/op_case.h"
#include "tacit/runtime/model.h"

namespace tacit::runtime {
namespace {

using nn::testing::Argument;
using nn::testing::OpCase;
using nn::testing::Tensors;

FloatTensor floats_of(const PublicTensor& t) { return {t.shape, {t.values.begin(), t.values.end()}}; }

/// A graph of one node. `own`: operands behind the first are the model's.
struct OneNode {
  nn::Graph graph;
  std::vector<FloatTensor> given;

  OneNode(const OpCase& row, bool own) {
    std::vector<nn::ValueId> in;
    for (std::size_t i = 0; i < row.in.size(); ++i) {
      const Argument& a = row.in[i];
      const std::string name = fmt::format("x{}", i);
      if (a.kind == Argument::Kind::Absent) {
        in.push_back(nn::kNoValue);
      } else if (a.kind == Argument::Kind::Known) {
        in.push_back(graph.add_constant(name, a.value));
      } else if (own && i > 0) {
        in.push_back(graph.add_parameter(name, a.value));
      } else {
        in.push_back(graph.add_input(name, a.value.shape));
        given.push_back(floats_of(a.value));
      }
    }
    graph.outputs.push_back(graph.add_node(*row.op, "node", in, row.attrs));
  }
};

void expect_close(const FloatTensor& got, const PublicTensor& want, const std::string& what) {
  ASSERT_EQ(got.shape, want.shape) << what;
  double largest = 0;
  for (const double v : want.values) largest = std::max(largest, std::fabs(v));
  for (std::size_t i = 0; i < want.values.size(); ++i)
    ASSERT_NEAR(got.values[i], want.values[i], 1e-5 * largest) << what << " at " << i;
}

class OperatorInFloats : public ::testing::TestWithParam<const nn::Op*> {};

TEST_P(OperatorInFloats, IsItsOperator) {
  const nn::Op* op = GetParam();
  ASSERT_NE(maker_of(*op), nullptr) << op->name << " has no maker in runtime/";
  OrdinaryMemory memory;
  Workers one(1), two(2);
  std::size_t rows = 0;
  for (const OpCase& row : nn::testing::all_cases()) {
    if (row.op != op) continue;
    ++rows;
    Tensors in;
    for (const Argument& a : row.in) in.push_back(a.value);
    const PublicTensor want = row.reference(in);
    for (const bool own : {false, true}) {
      OneNode node(row, own);
      const Model model(std::move(node.graph), memory, own ? two : one);
      expect_close(model.run(node.given)[0], want, fmt::format("{}, {}, {}", op->name, row.what, own));
    }
  }
  EXPECT_GT(rows, 0u) << op->name << " has no row in the conformance tables";
}

INSTANTIATE_TEST_SUITE_P(Runtime, OperatorInFloats,
                         ::testing::ValuesIn(nn::all_ops().begin(), nn::all_ops().end()),
                         [](const auto& row) { return std::string(row.param->name); });

/// What nn/ refuses on secrets, and numbers that come with a run can be in the clear.
TEST(StepsOfTheRuntime, TakeIndicesAndExponentsThatComeWithARun) {
  OrdinaryMemory memory;
  Workers workers(1);
  nn::Graph gather;
  const auto table = gather.add_parameter("t", {{4, 2}, {0, 1, 10, 11, 20, 21, 30, 31}});
  const auto index = gather.add_input("i", {3});
  gather.outputs.push_back(gather.add_node(nn::kGather, "g", {table, index}, {{"axis", std::int64_t{0}}}));
  const Model model(std::move(gather), memory, workers);
  const FloatTensor asked{{3}, {2, -1, 0}};
  const auto y = model.run({&asked, 1});
  EXPECT_EQ(y[0].shape, (Shape{3, 2}));
  EXPECT_EQ(y[0].values, (std::vector<float>{20, 21, 30, 31, 0, 1}));
  const FloatTensor beyond{{3}, {2, 4, 0}};
  EXPECT_THROW(model.run({&beyond, 1}), UsageError);

  nn::Graph power;
  const auto x = power.add_input("x", {2, 2}), n = power.add_input("n", {2});
  power.outputs.push_back(power.add_node(nn::kPow, "p", {x, n}));
  const Model powers(std::move(power), memory, workers);
  const FloatTensor in[] = {{{2, 2}, {2, 9, 3, 4}}, {{2}, {3, 0.5}}};
  EXPECT_EQ(powers.run(in)[0].values, (std::vector<float>{8, 3, 27, 2}));
}

}  // namespace
}  // namespace tacit::runtime
