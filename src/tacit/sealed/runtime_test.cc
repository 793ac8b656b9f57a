// A sealed model answers as the model did before, and what is no model is refused in a sentence.
#include "tacit/sealed/runtime.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "tacit/nn/testing/onnx_models.h"
#include "tacit/sealed/testing/sealed_world.h"

namespace tacit::sealed {
namespace {

namespace fs = std::filesystem;
using namespace tacit::testing;

/// Images through a convolution, a normalisation and a linear layer.
Model small_model() {
  Model m;
  m.input("image", {0, 1, 6, 6}).output("scores");
  m.hold(floats("c.weight", {4, 1, 3, 3}, wave({36}).values))
      .hold(floats("c.bias", {4}, {0.1, -0.2, 0.3, 0}));
  for (const char* name : {"n.scale", "n.bias", "n.mean", "n.var"})
    m.hold(floats(name, {4}, {0.9, 1.1, 0.7, 1.3}));
  m.node("Conv", {"image", "c.weight", "c.bias"}, {"c"});
  m.node("BatchNormalization", {"c", "n.scale", "n.bias", "n.mean", "n.var"}, {"n"});
  m.node("Sigmoid", {"n"}, {"s"});
  m.node("Flatten", {"s"}, {"f"});
  m.hold(floats("w", {64, 5}, wave({320}, 0.3).values)).hold(floats("b", {5}, {1, 2, 3, 4, 5}));
  m.node("Gemm", {"f", "w", "b"}, {"scores"});
  return m;
}

class Running : public ::testing::Test {
 protected:
  fs::path sealed(const Model& m) const { return world.seal(bytes_of(m.bytes())); }
  Runtime runtime(const fs::path& file) const { return {open_model(file, world.device, kNow), 1}; }
  std::string refusal(const Model& m) const {
    return outcome([&] { runtime(sealed(m)); });
  }
  SealedWorld world;
};

TEST_F(Running, AnswersAsTheModelDid) {
  const Model m = small_model();
  const nn::Graph before = m.import(world.folder);
  Runtime r = runtime(sealed(m));
  EXPECT_EQ(r.example(), (Shape{1, 6, 6}));
  EXPECT_EQ(r.header().model_name, "a model");
  for (const std::size_t rows : {1u, 3u, 256u, 300u}) {  // more than one batch
    const PublicTensor x = wave({rows, 1, 6, 6}), y = r.run(x), want = tacit::testing::run(before, {x})[0];
    ASSERT_EQ(y.shape, (Shape{rows, 5}));
    double largest = 0;
    for (const double v : want.values) largest = std::max(largest, std::fabs(v));
    for (std::size_t i = 0; i < y.values.size(); ++i)
      ASSERT_NEAR(y.values[i], want.values[i], 1e-5 * largest) << rows << ": " << i;
  }
}

TEST_F(Running, LeavesNothingOnTheDisk) {
  const fs::path file = sealed(small_model());
  const auto listing = [&] {
    std::set<std::string> out;
    for (const auto& entry : fs::recursive_directory_iterator(world.folder.path("")))
      out.insert(entry.path().string());
    return out;
  };
  const auto before = listing();
  Runtime r = runtime(file);
  r.run(wave({2, 1, 6, 6}));
  EXPECT_EQ(listing(), before);
}

TEST_F(Running, WhatDoesNotFitIsRefused) {
  Runtime r = runtime(sealed(small_model()));
  for (const Shape& shape :
       {Shape{6, 6}, Shape{1, 6, 6}, Shape{2, 1, 6, 5}, Shape{0, 1, 6, 6}, Shape{}, Shape{36}})
    EXPECT_TRUE(outcome([&] { r.run(wave(shape)); }).starts_with("usage: the examples have shape"))
        << to_string(shape);
  EXPECT_TRUE(outcome([&] {
                r.run({{2, 1, 6, 6}, Numbers(36)});
              }).starts_with("usage: the examples have 36"));
  EXPECT_EQ(r.run(wave({1, 1, 6, 6})).shape, (Shape{1, 5}));
}

/// In a file that is sealed and signed as it should be.
TEST_F(Running, HostileModels) {
  EXPECT_EQ(outcome([&] { runtime(world.seal(bytes_of("no model"))); }),
            "usage: the model 'a model' is no ONNX file, or is damaged or cut short; export it again");
  Model unknown = small_model();
  unknown.node("Blackbox", {"scores"}, {"more"});
  unknown.output("more");
  EXPECT_NE(refusal(unknown).find("Blackbox"), std::string::npos);
  Model two = small_model();
  two.output("f");
  EXPECT_EQ(
      refusal(two),
      "usage: the model 'a model' has 1 inputs and 2 outputs, and a sealed model runs with one of each");
  Model external = small_model();
  auto& w = *external.graph().mutable_initializer(0);
  w.clear_float_data();
  w.set_data_location(::onnx::TensorProto::EXTERNAL);
  w.add_external_data()->set_key("location");
  w.mutable_external_data(0)->set_value("device/device.key");
  EXPECT_NE(refusal(external).find("must be whole in itself"), std::string::npos);
  const std::string whole = small_model().bytes();
  for (std::size_t n = 1; n < whole.size(); n += 7)
    EXPECT_TRUE(outcome([&] { runtime(world.seal(bytes_of(whole.substr(0, n)))); }).starts_with("usage: "))
        << n;
}

TEST_F(Running, ADamagedPartIsNoAnswer) {
  const fs::path file = sealed(small_model());
  std::string bad = read_file(file);
  bad[bad.size() - 1] ^= 1;
  EXPECT_TRUE(outcome([&] { runtime(world.folder.write("bad.tacit", bad)); }).starts_with("cheat: "));
}

TEST_F(Running, IsAskedBeforeSealing) {
  const std::string good = small_model().bytes();
  MemoryReader from(bytes_of(good));
  EXPECT_EQ(outcome([&] { check_model_text(from, good.size(), "m.onnx"); }), "opened");
  MemoryReader bad(bytes_of("no model"));
  EXPECT_EQ(outcome([&] { check_model_text(bad, 8, "m.onnx"); }),
            "usage: the model 'm.onnx' is no ONNX file, or is damaged or cut short; export it again");
}

}  // namespace
}  // namespace tacit::sealed
