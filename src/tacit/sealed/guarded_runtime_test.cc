// A model of level 2 answers as it did before it was sealed, and neither level can be had for the other.
#include "tacit/sealed/guarded_runtime.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>

#include "tacit/nn/testing/onnx_models.h"
#include "tacit/sealed/runtime.h"
#include "tacit/sealed/testing/guarded_world.h"
#include "tacit/sealed/testing/tiles_1.h"

namespace tacit::sealed {
namespace {

namespace fs = std::filesystem;
using namespace tacit::testing;

Model dense_model() {
  Model m;
  m.input("x", {0, 40}).output("y");
  m.hold(floats("w1", {40, 30}, wave({1200}, 0.2).values)).hold(floats("b1", {30}, wave({30}).values));
  m.node("Gemm", {"x", "w1", "b1"}, {"h"});
  m.node("Relu", {"h"}, {"s"});
  m.hold(floats("w2", {30, 5}, wave({150}, 0.3).values));
  m.node("MatMul", {"s", "w2"}, {"y"});
  return m;
}

class Guarded : public ::testing::Test {
 protected:
  GuardedWorld world;
  nn::Graph before = dense_model().import(world.folder);
};

TEST_F(Guarded, AnswersAsTheModelDid) {
  for (const std::size_t most : {kUsualCut, std::size_t{200}}) {
    GuardedRuntime r = world.runtime(world.guarded(before, "g.tacit", most));
    EXPECT_EQ(r.example(), (Shape{40}));
    EXPECT_EQ(r.header().level, Level::Guarded);
    for (const std::size_t rows : {1u, 3u, 256u, 300u}) {  // more than one batch
      const PublicTensor x = wave({rows, 40}), y = r.run(x), want = tacit::testing::run(before, {x})[0];
      ASSERT_EQ(y.shape, (Shape{rows, 5}));
      double largest = 0;
      for (const double v : want.values) largest = std::max(largest, std::fabs(v));
      for (std::size_t i = 0; i < y.values.size(); ++i)
        ASSERT_NEAR(y.values[i], want.values[i], 1e-5 * largest) << rows;
    }
  }
}

TEST_F(Guarded, EachNodeIsTold) {
  GuardedRuntime r = world.runtime(world.guarded(before));
  std::vector<std::string> told;
  r.run(wave({1, 40}),
        [&](const std::string& node, bool holds) { told.push_back(node + (holds ? "+" : "-")); });
  ASSERT_EQ(told.size(), 2 * before.nodes.size());
  for (std::size_t i = 0; i < told.size(); i += 2) {
    EXPECT_EQ(told[i].back(), '+');
    EXPECT_EQ(told[i + 1], told[i].substr(0, told[i].size() - 1) + "-");
  }
}

TEST_F(Guarded, WhatDoesNotFitIsRefused) {
  GuardedRuntime r = world.runtime(world.guarded(before));
  for (const Shape& shape : {Shape{40}, Shape{2, 39}, Shape{0, 40}, Shape{}, Shape{1, 1, 40}})
    EXPECT_TRUE(outcome([&] { r.run(wave(shape)); }).starts_with("usage: the examples have shape"))
        << to_string(shape);
  EXPECT_TRUE(outcome([&] { r.run({{2, 40}, Numbers(40)}); }).starts_with("usage: the examples have 40"));
  for (const double odd : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    PublicTensor x = wave({1, 40});
    x.values[7] = odd;
    EXPECT_EQ(outcome([&] { r.run(x); }), "usage: number 7 of the examples is infinite or none");
  }
  EXPECT_EQ(r.run(wave({1, 40})).shape, (Shape{1, 5}));
}

TEST_F(Guarded, NoLevelIsTakenForAnother) {
  const fs::path guarded = world.guarded(before);
  EXPECT_NE(outcome([&] { Runtime(open_model(guarded, world.device, kNow), 1); }).find("would be level 1"),
            std::string::npos);
  SealRequest request = world.request();
  const fs::path sealed = world.seal(bytes_of(dense_model().bytes()), "s.tacit", request);
  request.level = Level::Traceable;
  request.fingerprint = "customer 7";
  const fs::path traceable = world.seal(bytes_of(dense_model().bytes()), "t.tacit", request);
  for (const fs::path& file : {sealed, traceable}) {
    EXPECT_NE(outcome([&] { world.runtime(file); }).find("opens level 2 (guarded) alone"), std::string::npos);
    EXPECT_EQ(outcome([&] { Runtime(open_model(file, world.device, kNow), 1); }), "opened");
  }
}

/// Level 2 and level 4 in one file: a broker opens it, and its head names the customer.
TEST_F(Guarded, ACopyOfACustomersIsGuardedToo) {
  SealRequest request = world.request();
  request.level = Level::Guarded;
  request.fingerprint = "customer 7";
  const fs::path file = world.seal(tiled_text(in_tiles(before)), "both.tacit", request);
  GuardedRuntime r = world.runtime(file);
  EXPECT_EQ(r.header().fingerprint, "customer 7");
  EXPECT_EQ(r.header().level, Level::Guarded);
  const PublicTensor x = wave({3, 40}), y = r.run(x), want = tacit::testing::run(before, {x})[0];
  for (std::size_t i = 0; i < y.values.size(); ++i) ASSERT_NEAR(y.values[i], want.values[i], 1e-5);
  EXPECT_NE(outcome([&] { Runtime(open_model(file, world.device, kNow), 1); }).find("would be level 1"),
            std::string::npos);
}

TEST_F(Guarded, HostileTexts) {
  EXPECT_EQ(outcome([&] { world.runtime(world.guarded_text(bytes_of("no model in any tiles at all"))); }),
            "usage: it holds no model in tiles");
  EXPECT_TRUE(outcome([&] { world.runtime(world.guarded_text(bytes_of("short"))); }).starts_with("usage: "));
  const Bytes good = tiled_text(in_tiles(before));
  for (std::size_t n = 1; n < good.size(); n += 97)
    EXPECT_TRUE(
        outcome([&] { world.runtime(world.guarded_text(ByteView(good).first(n))); }).starts_with("usage: "))
        << n;
}

/// Written by other means.
TEST_F(Guarded, Version1OpensForEver) {
  const Bytes text = from_hex(kTiles1Text);
  ASSERT_FALSE(text.empty());
  GuardedRuntime r = world.runtime(world.guarded_text(text));
  const PublicTensor y = r.run({{1, 2}, {std::begin(kTiles1Example), std::end(kTiles1Example)}});
  ASSERT_EQ(y.shape, (Shape{1, 3}));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(y.values[i], kTiles1Answer[i], 1e-5);
}

/// A model whose largest tensors take several chunks.
nn::Graph wide() {
  nn::Graph g;
  const nn::ValueId x = g.add_input("x", {1, 50}), w = g.add_parameter("w", wave({50, 3000}, 0.1)),
                    v = g.add_parameter("v", wave({3000, 7}, 0.01));
  const nn::ValueId h = g.add_node(*nn::find_op("MatMul"), "first", {x, w}, {});
  const nn::ValueId s = g.add_node(*nn::find_op("Relu"), "bound", {h}, {});
  g.outputs = {g.add_node(*nn::find_op("MatMul"), "second", {s, v}, {})};
  return g;
}

/// The runtime of a file as a broker gets it, or of one as anybody has it.
GuardedRuntime runtime_of(GuardedWorld& world, const fs::path& file, bool unchangeable) {
  OpenFile opened = open_file(file);
  opened.unchangeable = unchangeable;
  return {open_model(SealedFile(std::move(opened)), world.device, kNow), world.space, world.workers};
}

TEST_F(Guarded, OfAFileThatNobodyCanChangeAnswersStayTheSame) {
  const nn::Graph graph = wide();
  const PublicTensor x = wave({2, 50}), want = tacit::testing::run(graph, {x})[0];
  for (const std::size_t most :
       {kUsualCut, std::size_t{20'000}}) {  // whole, and in tiles that begin anywhere
    GuardedRuntime r = runtime_of(world, world.guarded(graph, "g.tacit", most), true);
    const PublicTensor first = r.run(x);
    double largest = 0;
    for (const double v : want.values) largest = std::max(largest, std::fabs(v));
    for (std::size_t i = 0; i < want.values.size(); ++i)
      ASSERT_NEAR(first.values[i], want.values[i], 1e-4 * largest);  // sums of thousands, which nearly vanish
    for (int again = 0; again < 3; ++again) EXPECT_EQ(r.run(x).values, first.values);
  }
}

TEST_F(Guarded, AFileThatMayChangeIsHeldAgainstItsDigestsEachTime) {
  const fs::path file = world.guarded(wide());
  GuardedRuntime r = runtime_of(world, file, false);
  const PublicTensor x = wave({1, 50}), first = r.run(x);
  EXPECT_EQ(r.run(x).values, first.values);
  std::string bytes = read_file(file);
  bytes[bytes.size() - 1] ^= 1;
  std::ofstream(file, std::ios::binary) << bytes;  // the same file
  EXPECT_TRUE(outcome([&] { r.run(x); }).starts_with("cheat: "));
}

TEST_F(Guarded, WhatWasDamagedBeforeItCouldNotBeChangedIsNoAnswer) {
  const fs::path file = world.guarded(wide());
  std::string bytes = read_file(file);
  bytes[bytes.size() - 1] ^= 1;
  std::ofstream(file, std::ios::binary) << bytes;
  GuardedRuntime r = runtime_of(world, file, true);
  for (int again = 0; again < 2; ++again)
    EXPECT_TRUE(outcome([&] { r.run(wave({1, 50})); }).starts_with("cheat: "));
}

TEST_F(Guarded, ADamagedPartIsNoAnswer) {
  const fs::path file = world.guarded(before);
  std::string bad = read_file(file);
  bad[bad.size() - 1] ^= 1;
  GuardedRuntime r = world.runtime(world.folder.write("bad.tacit", bad));  // its outline is whole
  EXPECT_TRUE(outcome([&] { r.run(wave({1, 40})); }).starts_with("cheat: "));
}

}  // namespace
}  // namespace tacit::sealed
