// For tests only: small networks with every kind of layer that can be split.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "tacit/nn/graph/graph.h"
#include "tacit/nn/ops/ops.h"

namespace tacit::testing {

struct SplitModel {
  std::string name;
  nn::Graph graph;
};

inline PublicTensor random_tensor(const Shape& shape, double scale, std::uint64_t seed) {
  std::mt19937_64 rng(seed);
  std::uniform_real_distribution<double> dice(-scale, scale);
  PublicTensor t{shape, {}};
  for (std::size_t i = 0; i < elements(shape); ++i) t.values.push_back(dice(rng));
  return t;
}

/// An example for the graph, within ±2.
inline PublicTensor split_input(const nn::Graph& graph, std::uint64_t seed) {
  return random_tensor(graph.values[graph.inputs[0]].shape, 2, 1000 + seed);
}

class SplitModelBuilder {
 public:
  using Id = nn::ValueId;
  using Pair = std::vector<std::int64_t>;

  explicit SplitModelBuilder(const Shape& input) : last(g.add_input("x", input)) {}
  Id op(const nn::Op& op, std::vector<Id> in, nn::Attrs attrs = {}) {
    return last = g.add_node(op, "n" + std::to_string(g.nodes.size()), std::move(in), std::move(attrs));
  }
  Id weights(const Shape& shape, double scale) {
    const std::string name = "w" + std::to_string(g.values.size());
    return g.add_parameter(name, random_tensor(shape, scale, g.values.size()));
  }
  Id conv(std::size_t outputs, std::int64_t kernel, std::int64_t pad = 0, std::int64_t stride = 1,
          std::size_t groups = 1) {
    const std::size_t channels = g.values[last].shape[1] / groups, k = static_cast<std::size_t>(kernel);
    const Id w = weights({outputs, channels, k, k}, 0.5), b = weights({outputs}, 1);
    return op(nn::kConv, {last, w, b},
              {{"pads", Pair{pad, pad, pad, pad}},
               {"strides", Pair{stride, stride}},
               {"group", static_cast<std::int64_t>(groups)}});
  }
  Id dense(std::size_t outputs) {
    if (g.values[last].shape.size() > 2) op(nn::kFlatten, {last});
    const Id w = weights({outputs, g.values[last].shape[1]}, 0.5), b = weights({outputs}, 1);
    return op(nn::kGemm, {last, w, b}, {{"transB", std::int64_t{1}}});
  }
  Id relu() { return op(nn::kRelu, {last}); }
  Id pool(const nn::Op& kind, std::int64_t kernel, std::int64_t stride, std::int64_t pad = 0) {
    return op(kind, {last},
              {{"kernel_shape", Pair{kernel, kernel}},
               {"strides", Pair{stride, stride}},
               {"pads", Pair{pad, pad, pad, pad}}});
  }
  SplitModel done(std::string name) {
    g.outputs = {last};
    return {std::move(name), std::move(g)};
  }

  nn::Graph g;
  Id last;
};

inline std::vector<SplitModel> split_models() {
  using B = SplitModelBuilder;
  std::vector<SplitModel> all;
  {
    B b({1, 7});
    b.dense(5), b.relu(), b.dense(3);
    all.push_back(b.done("dense"));
  }
  {
    B b({1, 6});
    b.op(nn::kMatMul, {b.last, b.weights({6, 4}, 1)});
    b.op(nn::kAdd, {b.last, b.weights({4}, 1)});
    b.relu(), b.dense(3);
    all.push_back(b.done("matmul and bias"));
  }
  {
    B b({1, 2, 6, 5});
    b.conv(3, 3, 1), b.relu(), b.conv(4, 3, 0, 2), b.relu(), b.dense(4);
    all.push_back(b.done("convolutions"));
  }
  {
    B b({1, 4, 5, 5});
    b.conv(6, 3, 1, 1, 2), b.relu(), b.dense(2);
    all.push_back(b.done("groups"));
  }
  {
    B b({1, 1, 8, 8});
    b.conv(2, 3), b.relu(), b.pool(nn::kMaxPool, 2, 2), b.conv(3, 2), b.pool(nn::kMaxPool, 2, 1, 1), b.relu(),
        b.dense(3);
    all.push_back(b.done("maximum pools"));
  }
  {
    B b({1, 1, 8, 8});
    b.conv(2, 3), b.relu(), b.pool(nn::kAveragePool, 2, 2), b.conv(4, 2), b.relu();
    b.op(nn::kGlobalAveragePool, {b.last}), b.dense(3);
    all.push_back(b.done("average pools"));
  }
  {
    B b({1, 2, 5, 5});
    const B::Id a = (b.conv(3, 3, 1), b.relu());
    b.conv(3, 3, 1), b.relu(), b.conv(3, 3, 1);
    b.op(nn::kAdd, {b.last, a}), b.relu();
    const B::Id c = b.last, left = b.conv(4, 3, 1, 2);
    b.last = c, b.conv(4, 1, 0, 2);
    b.op(nn::kAdd, {left, b.last}), b.relu(), b.dense(3);
    all.push_back(b.done("residual blocks"));
  }
  {
    B b({1, 6});
    b.dense(8), b.op(nn::kClip, {b.last}, {{"min", 0.0}, {"max", 6.0}}), b.dense(3);
    all.push_back(b.done("relu6"));
  }
  {
    B b({1, 6});
    b.dense(8), b.relu(), b.dense(5), b.op(nn::kArgMax, {b.last}, {{"axis", std::int64_t{1}}});
    all.push_back(b.done("the place of the largest"));
  }
  {
    B b({1, 6});
    b.dense(4), b.dense(5);
    all.push_back(b.done("nothing between"));
  }
  return all;
}

}  // namespace tacit::testing
