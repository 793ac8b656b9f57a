#include "tacit/runtime/network.h"

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/nn/ops/ops.h"
#include "tacit/runtime/step.h"

namespace tacit::runtime {

namespace {

using nn::ValueId;
constexpr std::size_t kNobody = ~std::size_t{0}, kSeveral = kNobody - 1;

/// The one node that takes each value, or that nobody does, or several, of which the model's outputs are one.
std::vector<std::size_t> takers(const nn::Graph& graph) {
  std::vector<std::size_t> out(graph.values.size(), kNobody);
  const auto take = [&](ValueId id, std::size_t by) {
    if (id != nn::kNoValue) out[id] = out[id] == kNobody ? by : kSeveral;
  };
  for (std::size_t n = 0; n < graph.nodes.size(); ++n)
    for (const ValueId id : graph.nodes[n].inputs) take(id, n);
  for (const ValueId id : graph.outputs) take(id, kSeveral);
  return out;
}

bool own(const nn::Graph& graph, ValueId id) {
  using Kind = nn::ValueInfo::Kind;
  if (id == nn::kNoValue) return true;
  const Kind kind = graph.values[id].kind;
  return kind == Kind::Parameter || kind == Kind::State || kind == Kind::Constant;
}

/// The bias that a node adds to each row of `sum`, or kNoValue.
ValueId bias_of(const nn::Graph& graph, const nn::Node& add, ValueId sum, std::size_t columns) {
  if (add.op != &nn::kAdd) return nn::kNoValue;
  const ValueId other = add.inputs[add.inputs[0] == sum ? 1 : 0];
  return own(graph, other) && graph.values[other].shape == Shape{columns} ? other : nn::kNoValue;
}

/// The bounds that a node keeps its operand within, if that is all that it does.
bool bounds_of(const nn::Node& node, Item& item) {
  if (node.op == &nn::kRelu) {
    item.low = 0;
  } else if (node.op == &nn::kClip && (node.attrs.has("min") || node.attrs.has("max"))) {
    if (node.attrs.has("min")) item.low = static_cast<float>(node.attrs.real("min", 0));
    if (node.attrs.has("max")) item.high = static_cast<float>(node.attrs.real("max", 0));
  } else {
    return false;
  }
  return true;
}

}  // namespace

void compute_own(nn::Graph& graph, Weights& weights, const FloatKernels& kernels, Memory& memory,
                 Workers& workers) {
  std::vector<nn::Node> left;
  for (nn::Node& node : graph.nodes) {
    const StepMaker make = maker_of(*node.op);
    if (make == nullptr ||
        !std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) { return own(graph, id); })) {
      left.push_back(std::move(node));
      continue;
    }
    nn::ValueInfo& result = graph.values[node.output];
    Request r{node.attrs, {}, {}, result.shape, {}, {}, kernels};
    std::vector<const float*> in;
    for (const ValueId id : node.inputs) {
      const nn::ValueInfo* v = id == nn::kNoValue ? nullptr : &graph.values[id];
      r.there.push_back(v != nullptr);
      r.in.push_back(v == nullptr ? Shape{} : v->shape);
      r.known.push_back(v != nullptr && v->kind == nn::ValueInfo::Kind::Constant ? &v->initial : nullptr);
      r.weights.push_back(v == nullptr ? nullptr : weights.at(id));
      in.push_back(r.weights.back());
    }
    const Step step = make(r);
    Buffer out(memory, elements(result.shape));
    if (step.alias) {
      std::copy_n(in[0], out.size(), out.data());
    } else {
      Buffer common(memory, step.common), slot(memory, step.slot);
      step.run({in.data(), out.data(), {kernels, workers, common.data(), slot.data(), step.slot, 1}});
    }
    weights.numbers[node.output] = std::move(out);
    result.kind = nn::ValueInfo::Kind::Parameter;
    if (step.alias && r.known[0] != nullptr) {  // still known
      result.kind = nn::ValueInfo::Kind::Constant;
      result.initial = {result.shape, r.known[0]->values};
    }
  }
  graph.nodes = std::move(left);
}

std::vector<Item> items_of(const nn::Graph& graph) {
  const auto taker = takers(graph);
  std::vector<bool> done(graph.nodes.size());
  std::vector<Item> out;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    if (done[n]) continue;
    const nn::Node& node = graph.nodes[n];
    require(maker_of(*node.op) != nullptr, "'{}': the operator {} is not among those that the runtime has",
            node.name, node.op->name);
    Item item{&node, node.inputs, node.output};
    const auto next = [&] { return taker[item.output] < graph.nodes.size() ? taker[item.output] : kNobody; };
    const auto absorb = [&](std::size_t other) {
      done[other] = true;
      item.output = graph.nodes[other].output;
    };
    const Shape* second = node.op == &nn::kMatMul ? &graph.values[node.inputs[1]].shape : nullptr;
    if (second != nullptr && second->size() == 2 && own(graph, node.inputs[1]) && next() != kNobody) {
      const ValueId bias = bias_of(graph, graph.nodes[next()], item.output, (*second)[1]);
      if (bias != nn::kNoValue) {
        absorb(next());
        item.inputs.push_back(bias);
        item.added = true;
      }
    }
    if (clamps(*node.op) && next() != kNobody && bounds_of(graph.nodes[next()], item)) {
      item.clamped = true;
      absorb(next());
    }
    out.push_back(std::move(item));
  }
  return out;
}

}  // namespace tacit::runtime
