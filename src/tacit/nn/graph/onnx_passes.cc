#include "tacit/nn/graph/onnx_passes.h"

#include <cmath>

#include "tacit/base/error.h"

namespace tacit::nn::onnx_io {

Graph pruned(Graph graph, const std::vector<ValueId>& parameters) {
  std::vector<bool> wanted(graph.values.size());
  for (ValueId id : graph.outputs) wanted[id] = true;
  for (std::size_t n = graph.nodes.size(); n-- > 0;)
    if (wanted[graph.nodes[n].output])
      for (ValueId id : graph.nodes[n].inputs)
        if (id != kNoValue) wanted[id] = true;
  Graph out;
  std::vector<ValueId> moved(graph.values.size(), kNoValue);
  const auto place = [&](ValueId id) {
    if (id == kNoValue) return kNoValue;
    if (moved[id] == kNoValue) {
      out.values.push_back(std::move(graph.values[id]));
      moved[id] = out.values.size() - 1;
    }
    return moved[id];
  };
  for (ValueId id : graph.inputs) out.inputs.push_back(place(id));
  for (ValueId id : parameters)
    if (wanted[id]) place(id);
  for (const Node& node : graph.nodes) {
    if (!wanted[node.output]) continue;
    Node copy = node;
    for (ValueId& id : copy.inputs) id = place(id);
    copy.output = place(node.output);
    out.nodes.push_back(std::move(copy));
  }
  for (ValueId id : graph.outputs) out.outputs.push_back(place(id));
  return out;
}

namespace {

/// How many nodes and outputs read each value.
std::vector<std::size_t> uses(const Graph& graph) {
  std::vector<std::size_t> out(graph.values.size());
  for (const Node& node : graph.nodes)
    for (ValueId id : node.inputs)
      if (id != kNoValue) ++out[id];
  for (ValueId id : graph.outputs) ++out[id];
  return out;
}

/// As doubles, which they become if they were kept in float32.
std::vector<double>& numbers_of(ValueInfo& v) {
  if (!v.floats.empty()) {
    v.initial.values.assign(v.floats.begin(), v.floats.end());
    v.floats = {};
  }
  return v.initial.values;
}

/// The node that a normalisation can go into: its weights, and its bias if it has one, are read by nothing
/// else.
Node* host(Graph& graph, const Node& norm, const std::vector<std::size_t>& used) {
  if (used[norm.inputs[0]] != 1) return nullptr;
  for (Node& node : graph.nodes) {
    if (node.output != norm.inputs[0]) continue;
    if (node.op->name != "Conv" && node.op->name != "Gemm") return nullptr;
    if (node.op->name == "Gemm" && (node.attrs.real("beta", 1) != 1 || node.attrs.real("alpha", 1) != 1))
      return nullptr;
    for (std::size_t i = 1; i < node.inputs.size(); ++i)
      if (node.inputs[i] == kNoValue || used[node.inputs[i]] != 1 ||
          numbers_of(graph.values[node.inputs[i]]).empty())
        return nullptr;
    return &node;
  }
  return nullptr;
}

}  // namespace

void fold_batch_norms(Graph& graph) {
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node norm = graph.nodes[n];
    if (norm.op->name != "BatchNormalization") continue;
    Node* node = host(graph, norm, uses(graph));
    if (node == nullptr) continue;
    const auto numbers = [&](std::size_t i) -> const std::vector<double>& {
      return numbers_of(graph.values[norm.inputs.at(i)]);
    };
    const std::size_t channels = numbers(1).size();
    bool known = true;
    for (std::size_t i = 1; i < 5; ++i) known = known && numbers(i).size() == channels && channels > 0;
    if (!known) continue;
    const double epsilon = norm.attrs.real("epsilon", 1e-5);
    std::vector<double> factor(channels), bias(channels);
    for (std::size_t c = 0; c < channels; ++c) {
      factor[c] = numbers(1)[c] / std::sqrt(numbers(4)[c] + epsilon);
      bias[c] = numbers(2)[c] - numbers(3)[c] * factor[c];
    }
    // Weights lie by output channel, but those of a Gemm without transB.
    const bool columns = node->op->name == "Gemm" && node->attrs.integer("transB", 0) == 0;
    std::vector<double>& w = numbers_of(graph.values[node->inputs[1]]);
    const std::size_t inner = w.size() / channels;
    for (std::size_t i = 0; i < w.size(); ++i) w[i] *= factor[columns ? i % channels : i / inner];
    if (node->inputs.size() > 2) {
      std::vector<double>& b = numbers_of(graph.values[node->inputs[2]]);
      const std::vector<double> old = b;
      b.resize(channels);
      for (std::size_t c = 0; c < channels; ++c)
        b[c] = (old.size() == 1 ? old[0] : old[c]) * factor[c] + bias[c];
      graph.values[node->inputs[2]].initial.shape = graph.values[node->inputs[2]].shape = {channels};
    } else {
      const ValueInfo& weight = graph.values[node->inputs[1]];
      const ValueId id = weight.kind == ValueInfo::Kind::Parameter
                             ? graph.add_parameter(node->name + ".bias", {{channels}, bias})
                             : graph.add_constant(node->name + ".bias", {{channels}, bias});
      node->inputs.push_back(id);
    }
    // What read the normalisation reads its host, which takes over the result's name.
    node->output = norm.output;
    graph.nodes.erase(graph.nodes.begin() + static_cast<std::ptrdiff_t>(n--));
  }
}

}  // namespace tacit::nn::onnx_io
