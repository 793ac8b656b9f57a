// Errors in units of the largest element, carried from node to node: a linear layer multiplies them by its
// largest absolute row sum and adds a unit for its truncation; what cannot widen a difference passes them on;
// a function of one number multiplies them by its steepest slope and adds what the conformance suite holds it
// to.
#include "tacit/nn/graph/score_bound.h"

#include <algorithm>
#include <cmath>

namespace tacit::nn {

namespace {

/// The largest Σ |w| over the weights that meet in one output.
double row_sum(const Node& node, const PublicTensor& w) {
  const std::size_t outer = w.shape.front(), inner = w.values.size() / std::max<std::size_t>(outer, 1);
  const bool by_rows =
      node.op->name == "Conv" || (node.op->name == "Gemm" && node.attrs.integer("transB", 0) != 0);
  std::vector<double> sums(by_rows ? outer : inner, 0.0);
  for (std::size_t i = 0; i < w.values.size(); ++i)
    sums[by_rows ? i / inner : i % inner] += std::fabs(w.values[i]);
  return sums.empty() ? 0 : *std::max_element(sums.begin(), sums.end());
}

bool passes_on(std::string_view op) {
  static constexpr std::string_view kNames[] = {
      "Relu",    "MaxPool", "GlobalMaxPool", "Flatten",   "Reshape", "Identity",  "Transpose", "Clip",
      "Dropout", "Squeeze", "Slice",         "Unsqueeze", "Concat",  "Abs",       "Neg",       "Max",
      "Min",     "Pad",     "Expand",        "Tile",      "Gather",  "ReduceMax", "ReduceMin"};
  return std::find(std::begin(kNames), std::end(kNames), op) != std::end(kNames);
}

/// A function of one number: |f(x) - f(y)| <= slope·|x - y|, and the private one is within `units` of it.
struct Smooth {
  double slope, units;
};
std::optional<Smooth> smooth(const Node& node) {
  const std::string_view op = node.op->name;
  auto attribute = [&](const char* name, double otherwise) {
    return std::fabs(node.attrs.real(name, otherwise));
  };
  if (op == "Sigmoid") return Smooth{0.25, 3};
  if (op == "Tanh") return Smooth{1, 3};
  if (op == "Erf") return Smooth{1.1284, 3};  // 2/sqrt(pi)
  if (op == "Gelu") return Smooth{1.13, 3};
  if (op == "Softplus") return Smooth{1, 5};
  if (op == "HardSigmoid") return Smooth{attribute("alpha", 0.2), 3};
  if (op == "HardSwish") return Smooth{1.5, 10};
  if (op == "LeakyRelu") return Smooth{std::max(1.0, attribute("alpha", 0.01)), 2};
  if (op == "Elu")
    return Smooth{std::max(1.0, attribute("alpha", 1)), 3 * std::max(1.0, attribute("alpha", 1))};
  return std::nullopt;
}

}  // namespace

std::optional<double> score_bound(const Graph& graph, const std::vector<PublicTensor>& parameters,
                                  unsigned frac) {
  const double unit = std::ldexp(1.0, -static_cast<int>(frac));
  std::vector<double> error(graph.values.size(), 0.0);
  std::vector<const PublicTensor*> known(graph.values.size(), nullptr);
  const auto ids = graph.parameters();
  for (std::size_t i = 0; i < ids.size(); ++i) known[ids[i]] = &parameters[i];
  for (ValueId id : graph.inputs) error[id] = unit / 2;
  for (const Node& node : graph.nodes) {
    double in = 0;
    for (ValueId id : node.inputs)
      if (id != kNoValue) in = std::max(in, error[id]);
    const std::string_view op = node.op->name;
    if ((op == "Gemm" || op == "MatMul" || op == "Conv") && node.inputs.size() >= 2 &&
        known[node.inputs[1]] != nullptr) {
      error[node.output] = error[node.inputs[0]] * row_sum(node, *known[node.inputs[1]]) + unit;
    } else if (op == "Add" || op == "Sub") {
      error[node.output] = error[node.inputs[0]] + error[node.inputs[1]];
    } else if (op == "Sum") {
      for (ValueId id : node.inputs) error[node.output] += error[id];
    } else if (const auto f = smooth(node)) {
      error[node.output] = in * f->slope + f->units * unit;
    } else if (op == "AveragePool" || op == "GlobalAveragePool" || op == "ReduceMean" || op == "Mean") {
      error[node.output] = in + 2 * unit;
    } else if (passes_on(op)) {
      error[node.output] = in;
    } else {
      return std::nullopt;
    }
  }
  double worst = 0;
  for (ValueId id : graph.outputs) worst = std::max(worst, error[id]);
  // Float32 arithmetic in whatever reads the file rounds as well: a few parts in 10^7 of scores of some tens.
  return worst + unit;
}

}  // namespace tacit::nn
