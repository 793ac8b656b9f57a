// Imports that keep weights in float32 as their files have them: the same graphs, the same numbers, the same
// refusals.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "tacit/nn/testing/onnx_cases.h"

namespace tacit::nn {
namespace {

using namespace tacit::testing;

class KeptFloats : public ::testing::Test {
 protected:
  static ::onnx::TensorProto raw(const std::string& name, const Integers& dims,
                                 const std::vector<float>& values) {
    ::onnx::TensorProto t = floats(name, dims, {});
    const std::string_view bytes = text_of(bytes_of(std::span(values)));
    t.set_raw_data(bytes.data(), bytes.size());
    return t;
  }
  /// y = x + w
  static Model sum(::onnx::TensorProto w) {
    Model m;
    m.input("x", {0, w.dims(0)}).output("y").hold(std::move(w)).node("Add", {"x", "w"}, {"y"});
    return m;
  }
  std::vector<float> noise(std::size_t n) {
    std::vector<float> out(n);
    for (float& v : out) v = std::normal_distribution<float>()(random_);
    return out;
  }
  Graph kept(const Model& m) { return m.import(folder_, {.keep_floats = true}); }
  /// Of a parameter, whose numbers are kept one way or the other.
  static Numbers numbers(const ValueInfo& v) {
    EXPECT_TRUE(v.floats.empty() || v.initial.values.empty()) << v.name;
    return v.floats.empty() ? v.initial.values : Numbers(v.floats.begin(), v.floats.end());
  }
  static void expect_same(const Graph& got, const Graph& want, const std::string& name) {
    ASSERT_EQ(got.values.size(), want.values.size()) << name;
    for (ValueId id = 0; id < want.values.size(); ++id) {
      EXPECT_EQ(got.values[id].shape, want.values[id].shape) << name;
      EXPECT_EQ(got.values[id].initial.shape, want.values[id].initial.shape) << name;
      EXPECT_EQ(numbers(got.values[id]), want.values[id].initial.values)
          << name << ", " << got.values[id].name;
    }
    EXPECT_EQ(got.parameter_count(), want.parameter_count()) << name;
  }

  ScratchFolder folder_;
  std::mt19937 random_{1};
};

TEST_F(KeptFloats, AreTheNumbersOfTheFile) {
  for (const std::size_t n : {1u, 15u, 16u, 17u, 1023u, 1024u, 1025u, 3000u}) {
    std::vector<float> w = noise(n);
    w[n / 2] = 9.9999e29f;
    w[n - 1] = -std::numeric_limits<float>::denorm_min();
    const Model m = sum(raw("w", {static_cast<std::int64_t>(n)}, w));
    const Graph g = kept(m);
    EXPECT_EQ(g.values[g.parameters().at(0)].floats, w);
    expect_same(g, m.import(folder_), fmt::format("{} numbers", n));
  }
}

TEST_F(KeptFloats, AreThoseOfRawFloatsAlone) {
  const Graph fields = kept(sum(floats("w", {3}, {1, 2, 3})));
  EXPECT_EQ(fields.values[fields.parameters().at(0)].initial.values, (Numbers{1, 2, 3}));
  ::onnx::TensorProto doubles = floats("w", {2}, {});
  doubles.set_data_type(::onnx::TensorProto::DOUBLE);
  const std::vector<double> two{0.1, -2};
  doubles.set_raw_data(std::string(text_of(bytes_of(std::span(two)))));
  const Graph g = kept(sum(doubles));
  EXPECT_EQ(g.values[g.parameters().at(0)].initial.values, two);
}

TEST_F(KeptFloats, AreRefusedAlikeWhereverTheyAreNotFinite) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const float bad : {std::nanf(""), kInfinity, -kInfinity, 1e30f, -3e38f})
    for (const std::size_t n : {1u, 40u, 1024u, 2500u}) {
      std::vector<float> w = noise(n);
      w[std::uniform_int_distribution<std::size_t>(0, n - 1)(random_)] = bad;
      const Model m = sum(raw("w", {static_cast<std::int64_t>(n)}, w));
      const std::string refusal = usage_error(folder_, [&] { m.import(folder_); });
      EXPECT_NE(refusal.find("train the model again, from finite numbers"), std::string::npos) << refusal;
      EXPECT_EQ(usage_error(folder_, [&] { kept(m); }), refusal) << bad << " among " << n;
    }
  ::onnx::TensorProto cut = raw("w", {3}, noise(3));
  cut.mutable_raw_data()->pop_back();
  EXPECT_EQ(usage_error(folder_, [&] { kept(sum(cut)); }),
            "the tensor 'w' holds 11 bytes where its shape 3 needs 12; export it again");
}

TEST_F(KeptFloats, BecomeDoublesWhereSomethingIsComputedOfThem) {
  // A weight that is turned, and the scales and shifts of a normalisation that goes into its weights.
  Model m;
  m.input("x", {0, 3}).output("y").hold(raw("w", {4, 3}, noise(12))).hold(raw("b", {4}, noise(4)));
  set(m.node("Transpose", {"w"}, {"turned"}), "perm", Integers{1, 0});
  m.node("Gemm", {"x", "turned", "b"}, {"z"});
  for (const char* name : {"scale", "shift", "mean"}) m.hold(raw(name, {4}, noise(4)));
  m.hold(raw("variance", {4}, {1, 2, 0.5f, 3}));
  m.node("BatchNormalization", {"z", "scale", "shift", "mean", "variance"}, {"y"});
  for (const bool fold : {false, true}) {
    const Graph want = m.import(folder_, {.fold_batch_norm = fold});
    EXPECT_EQ(want.nodes.size(), fold ? 1u : 2u);
    expect_same(m.import(folder_, {.fold_batch_norm = fold, .keep_floats = true}), want, "a layer");
  }
}

TEST_F(KeptFloats, AreThoseOfWholeModels) {
  const auto folders = case_folders(kNewerCases, "exported");
  ASSERT_FALSE(folders.empty()) << "run ./tacit test, which writes them";
  for (const fs::path& folder : folders)
    for (const bool fold : {false, true}) {
      const Graph got = import_onnx(folder / "model.onnx", {.fold_batch_norm = fold, .keep_floats = true});
      expect_same(got, import_onnx(folder / "model.onnx", {.fold_batch_norm = fold}),
                  folder.filename().string());
    }
}

}  // namespace
}  // namespace tacit::nn
