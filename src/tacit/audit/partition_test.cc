// The search finds the cheapest layers that suffice, or that none does, and says what was left out.
#include "tacit/audit/partition.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "tacit/audit/steal_page.h"
#include "tacit/audit/testing/networks.h"
#include "tacit/data/testing/files.h"

namespace tacit::audit {
namespace {

using nn::Graph;
using tacit::testing::ScratchFolder;
using tacit::testing::usage_error;
using testing::asked;
using testing::network;

/// Of thieves who know nothing but answers, all with this agreement.
StealAudit black_box(const Asked& a, double fidelity) {
  StealAudit out;
  out.inputs = 8, out.outputs = 3, out.held_out = a.held_out.shape[0];
  for (const std::size_t n : a.queries) out.curve.push_back({n, "network", {fidelity, 1}, 0});
  return out;
}
PartitionSettings searching(std::vector<double> costs, double margin, std::size_t steps = 1) {
  PartitionSettings s;
  s.find = true;
  s.costs = std::move(costs);
  s.cost_unit = "bytes";
  s.margin = margin;
  s.learn = {.epochs = 1, .least_steps = steps, .rate = 0.03, .seed = 3};
  s.threads = 1;
  return s;
}
const Curve* curve(const PartitionAudit& a, const std::string& thief) {
  for (const Curve& c : a.curves)
    if (c.thief == thief) return &c;
  return nullptr;
}

TEST(Partition, TheCheapestLayersThatSuffice) {
  const Graph g = network({8}, {6, 0, 6, 0, 3});
  const Asked a = asked(g, {4});
  // All that bends is enough against one step of training; the last layer is affine by itself.
  const PartitionAudit out = audit_partition(g, a, black_box(a, 0.55), searching({5, 2, 1}, 0.3), {});
  ASSERT_TRUE(out.protection);
  const Protection& p = *out.protection;
  ASSERT_TRUE(p.layers);
  EXPECT_EQ(*p.layers, (Segment{2, 2}));
  EXPECT_EQ(p.cost, 2);
  EXPECT_FALSE(p.whole);
  EXPECT_TRUE(p.complete);
  EXPECT_GE(p.black_box_fidelity, 0.55);
  EXPECT_LE(p.fidelity, p.black_box_fidelity + 0.3);
  ASSERT_EQ(p.tried.size(), 3u);
  EXPECT_EQ(p.tried[0].layers, (Segment{1, 1}));
  EXPECT_EQ(p.tried[2].layers, (Segment{3, 3}));
  EXPECT_TRUE(p.tried[2].affine);
  EXPECT_FALSE(p.tried[2].enough);
  EXPECT_EQ(p.tried[2].fidelity, 1);
  // What was found is drawn, and the thieves who have no layer.
  ASSERT_NE(curve(out, "exposed"), nullptr);
  EXPECT_EQ(curve(out, "exposed")->kept, (Segment{2, 2}));
  EXPECT_EQ(curve(out, "architecture")->points.size(), 1u);
  EXPECT_NE(protection_words(out).find("are 2 of 3"), std::string::npos);
}

TEST(Partition, NothingLessThanAllWhereEachPartIsSolved) {
  const Graph g = network({8}, {6, 5, 3});  // affine as a whole
  const Asked a = asked(g, {4});
  const PartitionAudit out = audit_partition(g, a, black_box(a, 0.2), searching({1, 1, 1}, 0.02), {});
  const Protection& p = *out.protection;
  EXPECT_TRUE(p.whole);
  EXPECT_EQ(p.layers, (Segment{1, 3}));
  EXPECT_EQ(p.cost, 3);
  EXPECT_EQ(p.fidelity, p.black_box_fidelity);
  // 1, 1-2, then 2-3; and nothing that lies within one of these.
  ASSERT_EQ(p.tried.size(), 3u);
  EXPECT_EQ(p.tried[1].layers, (Segment{1, 2}));
  EXPECT_EQ(p.tried[2].layers, (Segment{2, 3}));
  EXPECT_NE(protection_words(out).find("No layers next to each other but all 3"), std::string::npos);
  EXPECT_EQ(curve(out, "exposed"), nullptr);
}

TEST(Partition, WhereAskingIsEnoughNothingIsSearched) {
  const Graph g = network({8}, {6, 0, 3});
  const Asked a = asked(g, {4});
  const PartitionAudit out = audit_partition(g, a, black_box(a, 0.99), searching({1, 1}, 0.02), {});
  EXPECT_FALSE(out.protection->layers);
  EXPECT_TRUE(out.protection->tried.empty());
  EXPECT_NE(protection_words(out).find("make a difference"), std::string::npos);
}

TEST(Partition, WhenTheTimeIsOverThatIsSaid) {
  const Graph g = network({8}, {6, 0, 6, 0, 3});
  const Asked a = asked(g, {4});
  PartitionSettings s = searching({3, 2, 1}, 0.02);
  bool left = true;
  s.time_left = [&] { return std::exchange(left, false); };
  const PartitionAudit out = audit_partition(g, a, black_box(a, 0.3), s, {});
  EXPECT_EQ(out.protection->tried.size(), 1u);
  EXPECT_FALSE(out.protection->complete);
  EXPECT_NE(protection_words(out).find("time was over"), std::string::npos);
}

TEST(Partition, KeepingAllIsTheThiefOfTheArchitecture) {
  const Graph g = network({8}, {6, 0, 3});
  const Asked a = asked(g, {10, 20});
  PartitionSettings s = searching({1, 1}, 0.02, 20);
  s.find = false;
  s.keep = Segment{1, 2};
  const PartitionAudit out = audit_partition(g, a, black_box(a, 0.2), s, {});
  EXPECT_EQ(curve(out, "exposed"), nullptr);
  const Graph all = steal_layers(g, out.layers, {1, 2}, Way::AllLayers, a.known, s.learn, 1);
  const Fidelity same = fidelity_of(a.truth, testing::answers_of(all, a.held_out));
  const CurvePoint& last = curve(out, "architecture")->points.back();
  EXPECT_EQ(last.queries, 20u);
  EXPECT_EQ(last.fidelity.agreement, same.agreement);
  EXPECT_EQ(last.fidelity.error, same.error);
  EXPECT_EQ(last.how, "all layers");
}

TEST(Partition, NamedLayersAreDrawnAndSolved) {
  const Graph g = network({8}, {6, 0, 3});
  Asked a = asked(g, {10, 20});
  // Labels that are what the model says: then to agree is to be right.
  const std::size_t width = 3;
  for (std::size_t r = 0; r < a.truth.shape[0]; ++r) {
    const auto row = a.truth.values.begin() + static_cast<std::ptrdiff_t>(r * width);
    a.labels.push_back(static_cast<std::size_t>(std::max_element(row, row + 3) - row));
  }
  PartitionSettings s = searching({1, 1}, 0.02, 20);
  s.find = false;
  s.keep = Segment{2, 2};
  std::vector<std::string> told;
  const PartitionAudit out = audit_partition(
      g, a, black_box(a, 0.2), s, [&](const std::string& phase, std::size_t done, std::size_t all) {
        EXPECT_LE(done, all);
        if (told.empty() || told.back() != phase) told.push_back(phase);
      });
  EXPECT_EQ(told.size(), 2u);
  ASSERT_TRUE(out.solved);
  EXPECT_EQ(out.form, Form::Affine);
  EXPECT_EQ(out.solved->queries, 7u);
  ASSERT_NE(curve(out, "algebra"), nullptr);
  EXPECT_EQ(curve(out, "algebra")->points[0].queries, 7u);
  EXPECT_EQ(curve(out, "algebra")->points[0].accuracy, 1);
  const Curve& exposed = *curve(out, "exposed");
  EXPECT_EQ(exposed.kept, (Segment{2, 2}));
  ASSERT_EQ(exposed.points.size(), 2u);
  for (const CurvePoint& p : exposed.points) EXPECT_EQ(p.accuracy, p.fidelity.agreement);
  EXPECT_NE(algebra_words(out).find("7 questions"), std::string::npos);
}

TEST(Partition, AModelOfOneHiddenLayerIsSolvedByAsking) {
  const Graph g = network({4}, {3, 0, 2});
  const Asked a = asked(g, {2000});
  PartitionSettings s = searching({1, 1}, 0.02);
  const PartitionAudit out = audit_partition(g, a, black_box(a, 0.2), s, {});
  ASSERT_NE(curve(out, "algebra"), nullptr);
  EXPECT_FALSE(curve(out, "algebra")->kept);
  EXPECT_EQ(curve(out, "algebra")->points[0].fidelity.agreement, 1);
  EXPECT_FALSE(out.protection->layers);
  EXPECT_EQ(thief_words(*curve(out, "algebra")), "solves the whole model");
}

TEST(Partition, AModelThatTellsNoScores) {
  Graph g = network({8}, {6, 0, 3});
  g.outputs = {g.add_node(*nn::find_op("ArgMax"), "place", {g.outputs[0]},
                          {{"axis", std::int64_t{1}}, {"keepdims", std::int64_t{1}}})};
  const Asked a = asked(g, {4});
  const ScratchFolder folder;
  const std::string told = usage_error(folder, [&] {
    audit_partition(g, a, black_box(a, 0.2), searching({1, 1}, 0.02), {});
  });
  EXPECT_NE(told.find("no thief can train layers 1-2"), std::string::npos) << told;
}

TEST(PartitionPage, DrawsTheThievesAndTheLayers) {
  const Graph g = network({8}, {6, 0, 3});
  Asked a = asked(g, {4});
  PartitionAudit p;
  p.layers = weighted_layers(g);
  p.layers[0].name = "<i>first</i>";
  p.costs = {10, 20};
  p.cost_unit = "bytes";
  p.curves = curves_of(black_box(a, 0.2));
  p.curves.push_back({"architecture", Segment{1, 2}, {{4, {0.4, 1}, 0.3, "all layers", 0}}});
  p.curves.push_back(
      {"exposed", Segment{1, 1}, {{4, {0.8, 1}, 0.7, "results", 0}, {40, {0.9, 1}, 0.8, "results", 0}}});
  p.protection = Protection{Segment{1, 1}, false, true, 10, 0.9, 0.4, 0.6, 4, {}};
  p.protection->tried.push_back({Segment{1, 1}, 10, false, 0.9, "results", true});
  p.notes = {"a <note>"};
  StealAudit audit = black_box(a, 0.2);
  const AuditedModel model{"digits", "", "", 0, "", false};
  std::string page = steal_page(model, audit, &p);
  const auto count = [&](std::string_view part) {
    std::size_t n = 0;
    for (std::size_t from = 0; (from = page.find(part, from)) != std::string::npos; ++from) ++n;
    return n;
  };
  EXPECT_EQ(count("<svg class=\"plot"), 2u);  // wide and narrow
  EXPECT_EQ(count("<polyline class=\"exposed\""), 2u);
  EXPECT_EQ(count("<polyline"), 2u);  // of one point there is no line
  EXPECT_EQ(count("<circle"), 8u);
  EXPECT_EQ(count("<i>first"), 0u);
  EXPECT_EQ(count("a <note>"), 0u);
  EXPECT_EQ(count("kept back</td>"), 1u);
  EXPECT_EQ(count("exposed</td>"), 1u);
  EXPECT_EQ(count("not sealed"), 2u);
  EXPECT_EQ(count("<script"), 0u);
  audit.accuracy = 0.95;
  page = steal_page(model, audit, &p);
  EXPECT_EQ(count("<svg class=\"plot"), 4u);  // and how often they are right
  EXPECT_EQ(count("<circle"), 14u);           // which is not known of the network
}

}  // namespace
}  // namespace tacit::audit
