// A segment is cut where one value goes in and one comes out, and takes its weights with it; everything else
// is refused in a sentence.
#include "tacit/sealed/segment.h"

#include <gtest/gtest.h>

#include "tacit/sealed/testing/plain_run.h"
#include "tacit/sealed/testing/sealed_world.h"

namespace tacit::sealed {
namespace {

using namespace tacit::testing;
using B = SplitModelBuilder;

/// What the pieces answer, one after the other.
PublicTensor in_pieces(const CutModel& cut, PublicTensor x) {
  if (cut.before) x = plain_run(*cut.before, x);
  x = plain_run(cut.segment, x);
  return cut.after ? plain_run(*cut.after, x) : x;
}

std::string refused(const nn::Graph& g, NodeRange range) {
  return outcome([&] { cut_segment(g, range); });
}

TEST(CutSegment, PiecesAnswerAsTheWhole) {
  const nn::Graph g = layered_graph();
  const PublicTensor x = random_tensor({3, 6}, 2, 1), want = plain_run(g, x);
  for (std::size_t first = 0; first < g.nodes.size(); ++first)
    for (std::size_t last = first; last < g.nodes.size(); ++last) {
      const CutModel cut = cut_segment(g, {first, last});
      EXPECT_EQ(cut.before.has_value(), first > 0);
      EXPECT_EQ(cut.after.has_value(), last + 1 < g.nodes.size());
      EXPECT_EQ(cut.segment.nodes.size(), last - first + 1);
      const PublicTensor got = in_pieces(cut, x);
      ASSERT_EQ(got.shape, want.shape);
      for (std::size_t i = 0; i < want.values.size(); ++i)
        ASSERT_NEAR(got.values[i], want.values[i], 1e-9) << first << " to " << last;
    }
}

TEST(CutSegment, WhatGoesAroundMustGoThrough) {
  B b({1, 2, 5, 5});
  const B::Id a = (b.conv(3, 3, 1), b.relu());        // nodes 1, 2
  b.conv(3, 3, 1), b.relu(), b.conv(3, 3, 1);         // 3, 4, 5
  b.op(nn::kAdd, {b.last, a}), b.relu(), b.dense(3);  // 6, 7, 8 and 9
  const nn::Graph g = b.done("residual").graph;
  EXPECT_EQ(refused(g, {2, 4}),
            "usage: 'n1' passes by nodes 3 to 5 to layers behind them, and whatever goes around a protected "
            "segment "
            "must go through it: choose a range that begins or ends elsewhere");
  EXPECT_EQ(
      refused(g, {4, 6}),
      "usage: a protected segment takes one value of the layers around it, and nodes 5 to 7 take 2: 'n1', "
      "'n3'; choose another range");
  EXPECT_EQ(
      refused(g, {1, 2}),
      "usage: a protected segment gives one value to the layers around it, and nodes 2 to 3 give 2: 'n1', "
      "'n2'; choose another range");
  EXPECT_EQ(refused(g, {2, 5}), "opened");
  EXPECT_EQ(refused(g, {2, 6}), "opened");
}

TEST(CutSegment, WeightsBelongToOneSide) {
  B b({1, 5});
  const B::Id w = b.weights({5, 5}, 1);
  b.op(nn::kMatMul, {b.last, w}), b.relu(), b.op(nn::kMatMul, {b.last, w}), b.relu();
  const nn::Graph shared = b.done("shared").graph;
  EXPECT_EQ(
      refused(shared, {0, 1}),
      "usage: the weights 'w1' of the node 'n0', which is to be protected, are those of 'n2', too, which is "
      "not: protect both, or neither");
  EXPECT_EQ(refused(shared, {0, 2}), "opened");
  // The same numbers under another name are no less a copy.
  nn::Graph copied = layered_graph();
  const nn::ValueId second = copied.nodes[2].inputs[1];
  nn::Graph twice = copied;
  twice.values[twice.nodes[4].inputs[1]].initial.values = twice.values[second].initial.values;
  EXPECT_NE(refused(twice, {2, 3}).find("are those of 'n4', too"), std::string::npos);
}

TEST(ParseRange, PlacesAndNames) {
  const nn::Graph g = layered_graph();
  const auto range = [&](std::string_view text) { return parse_range(g, text); };
  EXPECT_EQ(range("3-5"), (NodeRange{2, 4}));
  EXPECT_EQ(range("1"), (NodeRange{0, 0}));
  EXPECT_EQ(range("n2"), (NodeRange{2, 2}));
  EXPECT_EQ(range("n2..n4"), (NodeRange{2, 4}));
  EXPECT_EQ(range("3..n4"), (NodeRange{2, 4}));
  const auto said = [&](std::string_view text) { return outcome([&] { parse_range(g, text); }); };
  EXPECT_EQ(said("0-2"), "usage: the model has nodes 1 to 7, and none of number 0");
  EXPECT_EQ(said("3-8"), "usage: the model has nodes 1 to 7, and none of number 8");
  EXPECT_EQ(said("5-3"), "usage: '5-3' ends before it begins: the node 'n4' comes after 'n2'");
  EXPECT_EQ(said("m2"), "usage: no node of the model is called 'm2': did you mean 'n2'?");
  for (const char* text : {"", "-", "..", "3-", "-3", "3..", "99999999999999999999", "3-5-7"})
    EXPECT_EQ(said(text).substr(0, 6), "usage:") << text;
}

TEST(ParseRange, TheTableHasEveryNode) {
  const std::string table = table_of_nodes(layered_graph());
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 8);
  EXPECT_NE(table.find("Gemm"), std::string::npos);
  EXPECT_NE(table.find("1x7"), std::string::npos);
  EXPECT_NE(table.find(" 63\n"), std::string::npos);  // 8 x 7 and 7
}

}  // namespace
}  // namespace tacit::sealed
