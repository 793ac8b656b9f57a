#include "tacit/nn/graph/execute.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit::nn {

Parameters initial_parameters(Ctx& ctx, const Graph& graph) {
  Parameters out;
  for (ValueId id : graph.parameters()) out.push_back(fn::constant(ctx, graph.values[id].initial));
  return out;
}

namespace {

std::vector<const Value*> arguments(const Node& node, const std::vector<std::optional<Value>>& values) {
  std::vector<const Value*> in;
  for (ValueId id : node.inputs) in.push_back(id == kNoValue ? nullptr : &*values[id]);
  return in;
}

std::uint64_t draw_of(const Graph& graph, const Tape& tape, std::size_t node) {
  return tape.draw * graph.nodes.size() + node;
}

/// The last node that reads each value, so that inference keeps no more than it needs.
std::vector<std::size_t> last_uses(const Graph& graph) {
  std::vector<std::size_t> last(graph.values.size(), 0);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n)
    for (ValueId id : graph.nodes[n].inputs)
      if (id != kNoValue) last[id] = n;
  for (ValueId id : graph.outputs) last[id] = graph.nodes.size();
  return last;
}

}  // namespace

std::vector<Secret<Real>> forward(Ctx& ctx, const Graph& graph, const Parameters& parameters,
                                  std::span<const Secret<Real>> inputs, Tape* tape) {
  require(inputs.size() == graph.inputs.size(), "the model has {} inputs, not {}", graph.inputs.size(),
          inputs.size());
  Tape local;
  Tape& t = tape == nullptr ? local : *tape;
  t.values.assign(graph.values.size(), std::nullopt);
  t.saved.assign(graph.nodes.size(), {});
  for (std::size_t i = 0; i < inputs.size(); ++i) t.values[graph.inputs[i]] = Value(inputs[i]);
  const auto ids = graph.parameters();
  for (std::size_t i = 0; i < ids.size(); ++i) t.values[ids[i]] = Value(parameters[i]);
  for (ValueId id = 0; id < graph.values.size(); ++id)
    if (graph.values[id].kind == ValueInfo::Kind::Constant) t.values[id] = Value(graph.values[id].initial);
  const auto last = last_uses(graph);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const Meter::Scope scope(ctx.mpc.meter(), node.name);
    const auto in = arguments(node, t.values);
    t.values[node.output] = node.op->forward(ctx, {in, node.attrs, draw_of(graph, t, n)},
                                             tape == nullptr ? nullptr : &t.saved[n]);
    if (tape == nullptr)
      for (ValueId id : node.inputs)
        if (id != kNoValue && last[id] == n) t.values[id].reset();
  }
  std::vector<Secret<Real>> out;
  for (ValueId id : graph.outputs) out.push_back(t.values[id]->as_secret(ctx));
  return out;
}

std::vector<Grad> backward(Ctx& ctx, const Graph& graph, const Tape& tape,
                           std::span<const Secret<Real>> output_gradients) {
  // Only what leads to a parameter gets a gradient.
  std::vector<bool> wanted(graph.values.size());
  for (ValueId id : graph.trained()) wanted[id] = true;
  for (const Node& node : graph.nodes)
    for (ValueId id : node.inputs)
      if (id != kNoValue && wanted[id]) wanted[node.output] = true;
  std::vector<Grad> gradients(graph.values.size());
  for (std::size_t i = 0; i < graph.outputs.size(); ++i)
    gradients[graph.outputs[i]].add(ctx, output_gradients[i]);
  for (std::size_t n = graph.nodes.size(); n-- > 0;) {
    const Node& node = graph.nodes[n];
    if (!wanted[node.output] || gradients[node.output].empty()) continue;
    require(node.op->backward != nullptr,
            "'{}' ({}) has no gradient: it cannot stand before parameters that are trained", node.name,
            node.op->name);
    const Meter::Scope scope(ctx.mpc.meter(), node.name);
    std::vector<Grad*> to;
    for (ValueId id : node.inputs) to.push_back(id != kNoValue && wanted[id] ? &gradients[id] : nullptr);
    const auto in = arguments(node, tape.values);
    node.op->backward(ctx, {in, node.attrs, draw_of(graph, tape, n)}, *tape.values[node.output],
                      tape.saved[n], gradients[node.output].real(ctx), to);
    gradients[node.output] = Grad();
  }
  std::vector<Grad> out;
  for (ValueId id : graph.trained()) {
    require(!gradients[id].empty(), "the parameter '{}' has no influence on the output",
            graph.values[id].name);
    out.push_back(std::move(gradients[id]));
  }
  return out;
}

void update_state(Ctx& ctx, const Graph& graph, const Tape& tape, Parameters& parameters) {
  const auto ids = graph.parameters();
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if (node.op->next_state == nullptr) continue;
    const Meter::Scope scope(ctx.mpc.meter(), node.name);
    const auto in = arguments(node, tape.values);
    for (auto& update : node.op->next_state(ctx, {in, node.attrs, draw_of(graph, tape, n)}, tape.saved[n])) {
      const ValueId id = node.inputs[update.input];
      if (graph.values[id].kind != ValueInfo::Kind::State) continue;
      parameters[static_cast<std::size_t>(std::find(ids.begin(), ids.end(), id) - ids.begin())] =
          std::move(update.value);
    }
  }
}

}  // namespace tacit::nn
