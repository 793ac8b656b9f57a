#include "tacit/trace/layers.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>
#include <string_view>

namespace tacit::trace {

namespace {

using nn::Graph;
using nn::kNoValue;
using nn::Node;
using nn::ValueId;
using nn::ValueInfo;

/// Operators that leave channels where they are.
constexpr std::string_view kKeepChannels[] = {"Abs",
                                              "Add",
                                              "AveragePool",
                                              "BatchNormalization",
                                              "Celu",
                                              "Clip",
                                              "Div",
                                              "Dropout",
                                              "Elu",
                                              "Erf",
                                              "Exp",
                                              "Flatten",
                                              "Gelu",
                                              "Identity",
                                              "GlobalAveragePool",
                                              "GlobalMaxPool",
                                              "HardSwish",
                                              "HardSigmoid",
                                              "LeakyRelu",
                                              "Log",
                                              "LayerNormalization",
                                              "Max",
                                              "MaxPool",
                                              "Mean",
                                              "Min",
                                              "Mul",
                                              "Neg",
                                              "PRelu",
                                              "Pow",
                                              "ReduceMean",
                                              "Relu",
                                              "Reshape",
                                              "Selu",
                                              "Sigmoid",
                                              "Softplus",
                                              "Sqrt",
                                              "Squeeze",
                                              "Sub",
                                              "Sum",
                                              "Tanh",
                                              "Unsqueeze"};

bool keeps_channels(std::string_view op) {
  return std::find(std::begin(kKeepChannels), std::end(kKeepChannels), op) != std::end(kKeepChannels);
}

bool known(const Graph& graph, ValueId id) {
  if (id == kNoValue) return false;
  const ValueInfo& v = graph.values[id];
  return (v.kind == ValueInfo::Kind::Parameter || v.kind == ValueInfo::Kind::Constant) &&
         !v.initial.values.empty() && v.initial.values.size() == elements(v.initial.shape);
}

/// The layer of a node, without its weights and its producer; nothing if it is none.
std::optional<Layer> form_of(const Graph& graph, const Node& node) {
  Layer out;
  const bool conv = node.op->name == "Conv", gemm = node.op->name == "Gemm";
  if ((!conv && !gemm && node.op->name != "MatMul") || node.inputs.size() < 2) return std::nullopt;
  const bool first = !conv && known(graph, node.inputs[0]);
  if (first == known(graph, node.inputs[1])) return std::nullopt;
  out.value = node.inputs[first ? 0 : 1];
  const Shape& shape = graph.values[out.value].initial.shape;
  if (conv) {
    if (shape.size() < 3 || shape[0] == 0 || shape[1] == 0) return std::nullopt;
    out.rows = shape[0];
    out.columns = elements(shape) / shape[0];
    out.block = out.columns / shape[1];
    out.grouped = node.attrs.integer("group", 1) != 1;
  } else {
    if (shape.size() != 2) return std::nullopt;
    const bool transposed = gemm && node.attrs.integer(first ? "transA" : "transB", 0) != 0;
    // As the left factor a matrix has a row for each output already.
    out.turned = first ? transposed : !transposed;
    out.rows = shape[out.turned ? 1 : 0];
    out.columns = shape[out.turned ? 0 : 1];
  }
  if (out.rows == 0 || out.columns < 2) return std::nullopt;
  return out;
}

/// Looks from a value backwards for the layers whose outputs its channels are; the first that is found.
std::optional<std::size_t> producer_of(const Graph& graph, ValueId from,
                                       const std::vector<std::optional<std::size_t>>& node_of,
                                       const std::vector<std::optional<std::size_t>>& layer_of) {
  std::vector<ValueId> ahead{from};
  std::set<ValueId> seen;
  while (!ahead.empty()) {
    const ValueId id = ahead.back();
    ahead.pop_back();
    if (id == kNoValue || !seen.insert(id).second || !node_of[id]) continue;
    if (layer_of[*node_of[id]]) return layer_of[*node_of[id]];
    const Node& node = graph.nodes[*node_of[id]];
    if (!keeps_channels(node.op->name)) continue;
    ahead.insert(ahead.end(), node.inputs.rbegin(), node.inputs.rend());
  }
  return std::nullopt;
}

}  // namespace

std::vector<Layer> layers_of(const Graph& graph) {
  std::vector<Layer> out;
  std::vector<std::optional<std::size_t>> node_of(graph.values.size()), layer_of(graph.nodes.size());
  std::set<ValueId> taken;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    node_of[node.output] = n;
    std::optional<Layer> layer = form_of(graph, node);
    if (!layer || !taken.insert(layer->value).second) continue;
    const ValueInfo& tensor = graph.values[layer->value];
    layer->name = tensor.name;
    layer->weights.reserve(layer->rows * layer->columns);
    for (std::size_t r = 0; r < layer->rows; ++r)
      for (std::size_t c = 0; c < layer->columns; ++c)
        layer->weights.push_back(tensor.initial.values[layer->place(r, c)]);
    const ValueId input = node.inputs[layer->value == node.inputs[0] ? 1 : 0];
    layer->producer = producer_of(graph, input, node_of, layer_of);
    layer_of[n] = out.size();
    out.push_back(std::move(*layer));
  }
  return out;
}

std::vector<double> row_scales(const Layer& layer) {
  std::vector<double> out(layer.rows);
  for (std::size_t r = 0; r < layer.rows; ++r) {
    double sum = 0;
    for (std::size_t c = 0; c < layer.columns; ++c) sum += layer.at(r, c) * layer.at(r, c);
    out[r] = std::sqrt(sum / static_cast<double>(layer.columns));
  }
  return out;
}

std::size_t count_carriers(const std::vector<Layer>& layers) {
  std::size_t out = 0;
  for (const Layer& layer : layers) {
    const std::vector<double> scales = row_scales(layer);
    for (std::size_t r = 0; r < layer.rows; ++r)
      for (std::size_t c = 0; c < layer.columns; ++c) out += carries(layer.at(r, c), scales[r]) ? 1 : 0;
  }
  return out;
}

}  // namespace tacit::trace
