#include "tacit/runtime/plan.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit::runtime {

namespace {

using nn::ValueId;
using nn::ValueInfo;

std::size_t line(std::size_t numbers) { return (numbers + 15) / 16 * 16; }

/// Shapes of all values, given those of the inputs.
std::vector<Shape> shapes_of(const nn::Graph& graph, const std::vector<Shape>& inputs) {
  require(inputs.size() == graph.inputs.size(), "the model has {} inputs, not {}", graph.inputs.size(),
          inputs.size());
  std::vector<Shape> out;
  for (const ValueInfo& v : graph.values) out.push_back(v.shape);
  for (std::size_t i = 0; i < inputs.size(); ++i) out[graph.inputs[i]] = inputs[i];
  for (const nn::Node& node : graph.nodes) {
    std::vector<Shape> in;
    for (const ValueId id : node.inputs) in.push_back(id == nn::kNoValue ? Shape{} : out[id]);
    try {
      out[node.output] = node.op->shape(in, node.attrs);
    } catch (const UsageError& e) {
      throw UsageError(fmt::format("'{}' ({}): {}", node.name, node.op->name, e.what()));
    }
  }
  return out;
}

}  // namespace

/// Which values share a piece of memory, from when to when it is needed, and where it lies.
class Plan::Layout {
 public:
  Layout(const nn::Graph& graph, const std::vector<Item>& items, const std::vector<Shape>& shapes)
      : graph_(graph), shapes_(shapes), root_(graph.values.size()), last_(graph.values.size(), 0) {
    for (ValueId id = 0; id < root_.size(); ++id) root_[id] = id;
    for (std::size_t i = 0; i < items.size(); ++i)
      for (const ValueId id : items[i].inputs)
        if (id != nn::kNoValue) last_[id] = i;
    for (const ValueId id : graph.outputs) last_[id] = items.size();
  }

  ValueId root(ValueId id) const { return root_[id]; }
  bool computed(ValueId root) const { return graph_.values[root].kind == ValueInfo::Kind::Result; }

  /// The result of item `now` is kept where its operand is.
  void share(ValueId result, ValueId operand) {
    const ValueId root = root_[operand];
    root_[result] = root;
    last_[root] = std::max(last_[root], last_[result]);
  }
  void begin(ValueId result, std::size_t now) { pieces_.push_back({result, elements(shapes_[result]), now}); }
  /// Whether an operand's memory is free to be written over by the result of item `now`.
  bool free(const Item& item, std::size_t operand, std::size_t now) const {
    const ValueId id = item.inputs[operand];
    if (id == nn::kNoValue || !computed(root_[id]) || last_[root_[id]] > now) return false;
    if (elements(shapes_[id]) != elements(shapes_[item.output])) return false;
    for (std::size_t i = 0; i < item.inputs.size(); ++i)
      if (i != operand && item.inputs[i] != nn::kNoValue && root_[item.inputs[i]] == root_[id]) return false;
    return true;
  }

  /// Places all pieces, the large ones first, each where nothing lies that is needed at the same time. The
  /// numbers that they take together.
  std::size_t place() {
    std::vector<Piece*> order;
    for (Piece& p : pieces_) order.push_back(&p);
    std::stable_sort(order.begin(), order.end(),
                     [](const Piece* a, const Piece* b) { return a->size > b->size; });
    std::size_t whole = 0;
    std::vector<const Piece*> placed;  // by where they lie
    for (Piece* p : order) {
      std::size_t at = 0;
      for (const Piece* other : placed)
        if (p->first <= last_[other->root] && other->first <= last_[p->root] &&
            other->at < at + line(p->size))
          at = std::max(at, other->at + line(other->size));
      p->at = at;
      whole = std::max(whole, at + line(p->size));
      placed.insert(std::upper_bound(placed.begin(), placed.end(), p,
                                     [](const Piece* a, const Piece* b) { return a->at < b->at; }),
                    p);
    }
    for (const Piece& p : pieces_) at_[p.root] = p.at;
    return whole;
  }
  std::size_t at(ValueId root) const { return at_.at(root); }

 private:
  struct Piece {
    ValueId root;
    std::size_t size, first, at = 0;
  };
  const nn::Graph& graph_;
  const std::vector<Shape>& shapes_;
  std::vector<ValueId> root_;
  std::vector<std::size_t> last_;
  std::vector<Piece> pieces_;
  std::map<ValueId, std::size_t> at_;
};

Plan::Plan(const nn::Graph& graph, const std::vector<Item>& items, Weights& weights,
           const FloatKernels& kernels, const std::vector<Shape>& inputs)
    : needed_(graph.values.size()) {
  const std::vector<Shape> shapes = shapes_of(graph, inputs);
  Layout layout(graph, items, shapes);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Item& item = items[i];
    Request r{item.node->attrs, {}, {}, shapes[item.output], {}, {}, kernels, weights.packs[i].get()};
    r.added = item.added, r.clamped = item.clamped, r.low = item.low, r.high = item.high;
    for (const ValueId id : item.inputs) {
      const bool there = id != nn::kNoValue;
      r.there.push_back(there);
      r.in.push_back(there ? shapes[id] : Shape{});
      const ValueInfo* v = there ? &graph.values[layout.root(id)] : nullptr;
      r.known.push_back(there && v->kind == ValueInfo::Kind::Constant ? &v->initial : nullptr);
      r.weights.push_back(there ? weights.at(layout.root(id)) : nullptr);
    }
    Ready ready;
    try {
      ready.step = maker_of(*item.node->op)(r);
    } catch (const UsageError& e) {
      throw UsageError(fmt::format("'{}' ({}): {}", item.node->name, item.node->op->name, e.what()));
    }
    common_ = std::max(common_, line(ready.step.common));
    slot_ = std::max(slot_, line(ready.step.slot));
    for (std::size_t in = 0; in < item.inputs.size(); ++in) {
      const auto& packed = ready.step.packed;
      const bool here = std::find(packed.begin(), packed.end(), in) == packed.end();
      if (r.there[in] && here) needed_[layout.root(item.inputs[in])] = true;
    }
    if (ready.step.alias) {
      layout.share(item.output, item.inputs[0]);
      continue;
    }
    const auto over = std::find_if(ready.step.in_place.begin(), ready.step.in_place.end(),
                                   [&](std::size_t in) { return layout.free(item, in, i); });
    if (over != ready.step.in_place.end())
      layout.share(item.output, item.inputs[*over]);
    else
      layout.begin(item.output, i);
    for (std::size_t in = 0; in < item.inputs.size(); ++in) {
      const auto& packed = ready.step.packed;
      const bool gone = std::find(packed.begin(), packed.end(), in) != packed.end();
      // For now the root; where that lies is known once all are.
      ready.in.push_back(r.there[in] && !gone ? Place{Place::Kind::Arena, layout.root(item.inputs[in])}
                                              : Place{});
    }
    ready.out = {Place::Kind::Arena, layout.root(item.output)};
    steps_.push_back(std::move(ready));
  }
  for (const ValueId id : graph.outputs) {
    outputs_.push_back(shapes[id]);
    output_places_.push_back({Place::Kind::Arena, layout.root(id)});
    needed_[layout.root(id)] = true;
  }
  arena_ = layout.place();
  const auto settle = [&](Place& p) {
    if (p.kind == Place::Kind::None) return;
    const ValueInfo& v = graph.values[p.at];
    if (v.kind == ValueInfo::Kind::Result) {
      p.at = layout.at(p.at);
    } else if (v.kind == ValueInfo::Kind::Input) {
      p = {Place::Kind::Input,
           static_cast<std::size_t>(std::find(graph.inputs.begin(), graph.inputs.end(), p.at) -
                                    graph.inputs.begin())};
    } else {
      p.kind = Place::Kind::Weight;
    }
  };
  for (Ready& ready : steps_) {
    for (Place& p : ready.in) settle(p);
    settle(ready.out);
  }
  for (Place& p : output_places_) settle(p);
}

const float* Plan::find(const Place& place, const Weights& weights, const float* arena,
                        std::span<const float* const> in) const {
  switch (place.kind) {
    case Place::Kind::Input:
      return in[place.at];
    case Place::Kind::Weight:
      return weights.at(place.at);
    case Place::Kind::Arena:
      return arena + place.at;
    case Place::Kind::None:
      break;
  }
  return nullptr;
}

void Plan::run(const Weights& weights, const FloatKernels& kernels, Workers& workers, float* workspace,
               std::span<const float* const> in, std::span<float* const> out) const {
  float* const arena = workspace;
  const Work work{kernels, workers, arena + arena_, arena + arena_ + common_, slot_, workers.threads()};
  std::vector<const float*> operands;
  for (const Ready& ready : steps_) {
    operands.clear();
    for (const Place& p : ready.in) operands.push_back(find(p, weights, arena, in));
    ready.step.run({operands.data(), arena + ready.out.at, work});
  }
  for (std::size_t o = 0; o < out.size(); ++o)
    std::copy_n(find(output_places_[o], weights, arena, in), elements(outputs_[o]), out[o]);
}

}  // namespace tacit::runtime
