// Convolutions and pools over one axis, against their definition.
#include <gtest/gtest.h>

#include "tacit/nn/graph/onnx_export.h"
#include "tacit/nn/testing/onnx_models.h"

namespace tacit::nn {
namespace {

using namespace tacit::testing;

struct LineWindow {
  std::size_t kernel = 3, stride = 1, before = 0, after = 0, dilation = 1, group = 1;
};

void slide(::onnx::NodeProto& node, const LineWindow& w, bool dilations) {
  const auto whole = [](std::size_t v) { return static_cast<std::int64_t>(v); };
  set(node, "kernel_shape", Integers{whole(w.kernel)});
  set(node, "strides", Integers{whole(w.stride)});
  set(node, "pads", Integers{whole(w.before), whole(w.after)});
  if (dilations) set(node, "dilations", Integers{whole(w.dilation)});
}

TEST(OneAxis, ConvolutionsAreTheirDefinition) {
  const ScratchFolder folder;
  constexpr std::size_t kBatch = 2, kIn = 4, kOut = 6, kLength = 11;
  for (const LineWindow w : {LineWindow{}, LineWindow{1}, LineWindow{4, 2, 1, 2}, LineWindow{3, 1, 2, 2, 2},
                             LineWindow{3, 3, 0, 1, 1, 2}, LineWindow{2, 1, 0, 0, 3, 2}}) {
    Model m;
    const std::size_t each = kIn / w.group;
    const PublicTensor weights = wave({kOut, each, w.kernel}), x = wave({kBatch, kIn, kLength});
    m.input("x", {0, kIn, kLength}).output("y");
    m.hold(floats("w", {kOut, std::int64_t(each), std::int64_t(w.kernel)}, weights.values));
    m.hold(floats("b", {kOut}, Numbers(kOut, 0.5)));
    auto& node = m.node("Conv", {"x", "w", "b"}, {"y"});
    slide(node, w, true);
    set(node, "group", std::int64_t(w.group));
    const Graph g = m.import(folder);
    EXPECT_EQ(g.parameters().size(), 2u);
    EXPECT_EQ(g.values[g.outputs[0]].name, "y");
    const PublicTensor y = tacit::testing::run(g, {x})[0];
    const std::size_t reach = w.dilation * (w.kernel - 1) + 1;
    const std::size_t length = (kLength + w.before + w.after - reach) / w.stride + 1;
    ASSERT_EQ(y.shape, (Shape{kBatch, kOut, length}));
    for (std::size_t i = 0; i < y.values.size(); ++i) {
      const std::size_t at = i % length, o = i / length % kOut, n = i / length / kOut;
      double want = 0.5;
      for (std::size_t c = 0; c < each; ++c)
        for (std::size_t k = 0; k < w.kernel; ++k) {
          const std::size_t from = at * w.stride + k * w.dilation;
          if (from < w.before || from - w.before >= kLength) continue;
          const std::size_t channel = o / (kOut / w.group) * each + c;
          want += static_cast<float>(weights.values[(o * each + c) * w.kernel + k]) *
                  x.values[(n * kIn + channel) * kLength + from - w.before];
        }
      EXPECT_NEAR(y.values[i], want, 1e-9);
    }
    std::vector<PublicTensor> all;
    for (const ValueId id : g.parameters()) all.push_back(g.values[id].initial);
    const std::string file = export_onnx(g, all, {"m", {}});
    EXPECT_EQ(export_onnx(import_onnx(folder.write("back.onnx", file)), all, {"m", {}}), file);
  }
}

TEST(OneAxis, PoolsAreTheirDefinition) {
  const ScratchFolder folder;
  const LineWindow w{3, 2, 1, 0};
  const PublicTensor x = wave({2, 3, 9});
  for (const std::string op : {"MaxPool", "AveragePool", "GlobalMaxPool", "GlobalAveragePool"}) {
    Model m;
    m.input("x", {0, 3, 9}).output("y");
    auto& node = m.node(op, {"x"}, {"y"});
    const bool global = op.starts_with("Global"), largest = op.ends_with("MaxPool");
    if (!global) slide(node, w, false);
    const PublicTensor y = tacit::testing::run(m.import(folder), {x})[0];
    const std::size_t length = global ? 1 : (9 + w.before - w.kernel) / w.stride + 1;
    ASSERT_EQ(y.shape, (Shape{2, 3, length})) << op;
    for (std::size_t i = 0; i < y.values.size(); ++i) {
      double most = -1e9, sum = 0;
      std::size_t count = 0;
      for (std::size_t k = 0; k < (global ? 9 : w.kernel); ++k) {
        const std::size_t from = i % length * w.stride + k + (global ? w.before : 0);
        if (from < w.before || from - w.before >= 9) continue;
        const double v = x.values[i / length * 9 + from - w.before];
        most = std::max(most, v);
        sum += v;
        ++count;
      }
      EXPECT_NEAR(y.values[i], largest ? most : sum / static_cast<double>(count), 1e-9) << op << " " << i;
    }
  }
}

TEST(OneAxis, WhatDoesNotFitIsTold) {
  const ScratchFolder folder;
  Model m;
  m.input("x", {0, 3, 9}).output("y");
  set(m.node("MaxPool", {"x"}, {"y"}), "kernel_shape", Integers{2, 2});
  EXPECT_EQ(usage_error(folder, [&] { m.import(folder); }),
            "'node_y' (MaxPool) goes over one axis, and its 'kernel_shape' have 2 numbers");
  Model flat;
  flat.input("x", {0, 3, 9}).output("y").hold(floats("w", {4, 3}, Numbers(12, 1)));
  flat.node("Conv", {"x", "w"}, {"y"});
  EXPECT_EQ(usage_error(folder, [&] { flat.import(folder); }).substr(0, 17), "'node_y' (Conv): ");
}

}  // namespace
}  // namespace tacit::nn
