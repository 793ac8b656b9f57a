#include "tacit/sealed/segment.h"

#include <algorithm>
#include <map>
#include <set>

#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/sealed/tiles.h"

namespace tacit::sealed {

namespace {

using nn::Graph, nn::Node, nn::ValueId, nn::ValueInfo;

/// Tensors of so many numbers that differ are weights, of which no two are alike by accident.
constexpr std::size_t kFewNumbers = 8;

// ---- which nodes

std::size_t node_named(const Graph& g, std::string_view word) {
  const bool digits = !word.empty() && word.size() <= 6 &&
                      std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
  std::vector<std::string> names;
  for (std::size_t n = 0; n < g.nodes.size(); ++n) {
    if (g.nodes[n].name == word) return n;
    names.push_back(g.nodes[n].name);
  }
  if (digits) {
    const std::size_t place = std::stoul(std::string(word));
    require(place >= 1 && place <= g.nodes.size(), "the model has nodes 1 to {}, and none of number {}",
            g.nodes.size(), place);
    return place - 1;
  }
  throw UsageError(fmt::format("no node of the model is called '{}': did you mean '{}'?", one_line(word),
                               one_line(nearest(word, names))));
}

bool is_place(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// ---- what crosses

std::string quoted(const Graph& g, const std::set<ValueId>& values) {
  std::string out;
  for (const ValueId id : values)
    out += fmt::format("{}'{}'", out.empty() ? "" : ", ", one_line(g.values[id].name));
  return out;
}

struct Crossings {
  std::set<ValueId> in, out, past;
};

Crossings crossings_of(const Graph& g, const NodeRange& r) {
  std::map<ValueId, std::size_t> made_by;
  for (std::size_t n = 0; n < g.nodes.size(); ++n) made_by[g.nodes[n].output] = n;
  const auto made_before = [&](ValueId id) { return !made_by.contains(id) || made_by.at(id) < r.first; };
  Crossings c;
  const auto taken_behind = [&](ValueId id) {
    if (id == nn::kNoValue || has_numbers(g.values[id])) return;
    if (made_before(id))
      c.past.insert(id);
    else if (made_by.at(id) <= r.last)
      c.out.insert(id);
  };
  for (std::size_t n = r.first; n < g.nodes.size(); ++n)
    for (const ValueId id : g.nodes[n].inputs) {
      if (n > r.last)
        taken_behind(id);
      else if (id != nn::kNoValue && !has_numbers(g.values[id]) && made_before(id))
        c.in.insert(id);
    }
  for (const ValueId id : g.outputs) taken_behind(id);
  return c;
}

// ---- whose weights

bool differ(const PublicTensor& t) {
  return t.values.size() >= kFewNumbers &&
         std::any_of(t.values.begin(), t.values.end(), [&](double v) { return v != t.values[0]; });
}

void require_own_weights(const Graph& g, const NodeRange& r) {
  std::map<ValueId, const Node*> inside;
  for (std::size_t n = r.first; n <= r.last; ++n)
    for (const ValueId id : g.nodes[n].inputs)
      if (id != nn::kNoValue && has_numbers(g.values[id])) inside.try_emplace(id, &g.nodes[n]);
  for (std::size_t n = 0; n < g.nodes.size(); ++n) {
    if (n >= r.first && n <= r.last) continue;
    for (const ValueId id : g.nodes[n].inputs) {
      if (id == nn::kNoValue || !has_numbers(g.values[id])) continue;
      const ValueInfo& other = g.values[id];
      for (const auto& [own, node] : inside) {
        const ValueInfo& v = g.values[own];
        const bool one = own == id && (v.kind != ValueInfo::Kind::Constant || differ(v.initial));
        require(
            !one && !(differ(v.initial) && v.initial.values == other.initial.values),
            "the weights '{}' of the node '{}', which is to be protected, are those of '{}', too, which is "
            "not: protect both, or neither",
            one_line(v.name), one_line(node->name), one_line(g.nodes[n].name));
      }
    }
  }
}

// ---- the pieces

/// Nodes `first` to `last`, of which `in` is the input, and `out` the output.
Graph piece(const Graph& from, std::size_t first, std::size_t last, ValueId in, ValueId out) {
  Graph to;
  std::map<ValueId, ValueId> ids{{in, to.add_input(from.values[in].name, from.values[in].shape)}};
  for (std::size_t n = first; n <= last; ++n) {
    const Node& node = from.nodes[n];
    std::vector<ValueId> inputs;
    for (const ValueId id : node.inputs) {
      if (id != nn::kNoValue && !ids.contains(id)) {
        const ValueInfo& v = from.values[id];
        ensure(has_numbers(v), "what a piece takes is its input, its own or the model's");
        ids[id] = v.kind == ValueInfo::Kind::Constant ? to.add_constant(v.name, v.initial)
                                                      : to.add_parameter(v.name, v.initial);
      }
      inputs.push_back(id == nn::kNoValue ? id : ids.at(id));
    }
    ids[node.output] = to.add_node(*node.op, node.name, std::move(inputs), node.attrs);
  }
  to.outputs.push_back(ids.at(out));
  return to;
}

}  // namespace

NodeRange parse_range(const Graph& g, std::string_view text) {
  require(!g.nodes.empty(), "the model has no nodes, of which some could be protected");
  const auto range = [&](std::string_view first, std::string_view last) {
    const NodeRange r{node_named(g, first), node_named(g, last)};
    require(r.first <= r.last, "'{}' ends before it begins: the node '{}' comes after '{}'", one_line(text),
            one_line(g.nodes[r.first].name), one_line(g.nodes[r.last].name));
    return r;
  };
  for (const Node& node : g.nodes)
    if (node.name == text) return range(text, text);  // whatever signs are in it
  if (const std::size_t dots = text.find(".."); dots != std::string_view::npos)
    return range(text.substr(0, dots), text.substr(dots + 2));
  if (const std::size_t dash = text.find('-'); dash != std::string_view::npos)
    if (is_place(text.substr(0, dash)) && is_place(text.substr(dash + 1)))
      return range(text.substr(0, dash), text.substr(dash + 1));
  return range(text, text);
}

std::string table_of_nodes(const Graph& g) {
  std::string out =
      fmt::format("{:>5}  {:<20} {:<28} {:<16} {:>12}\n", "node", "operator", "name", "result", "weights");
  for (std::size_t n = 0; n < g.nodes.size(); ++n) {
    const Node& node = g.nodes[n];
    std::size_t numbers = 0;
    for (const ValueId id : node.inputs)
      if (id != nn::kNoValue && has_numbers(g.values[id])) numbers += elements(g.values[id].shape);
    out += fmt::format("{:>5}  {:<20} {:<28} {:<16} {:>12}\n", n + 1, node.op->name, one_line(node.name),
                       to_string(g.values[node.output].shape), numbers);
  }
  return out;
}

CutModel cut_segment(const Graph& g, const NodeRange& r) {
  require(g.inputs.size() == 1 && g.outputs.size() == 1,
          "the model has {} inputs and {} outputs, and a sealed model runs with one of each", g.inputs.size(),
          g.outputs.size());
  ensure(r.first <= r.last && r.last < g.nodes.size(), "a range of the graph's nodes");
  const Crossings c = crossings_of(g, r);
  require(
      c.in.size() == 1,
      "a protected segment takes one value of the layers around it, and nodes {} to {} take {}: {}; choose "
      "another range",
      r.first + 1, r.last + 1, c.in.size(), quoted(g, c.in));
  require(
      c.out.size() == 1,
      "a protected segment gives one value to the layers around it, and nodes {} to {} give {}: {}; choose "
      "another range",
      r.first + 1, r.last + 1, c.out.size(), c.out.empty() ? "none" : quoted(g, c.out));
  require(c.past.empty(),
          "{} passes by nodes {} to {} to layers behind them, and whatever goes around a protected segment "
          "must go through it: choose a range that begins or ends elsewhere",
          quoted(g, c.past), r.first + 1, r.last + 1);
  require_own_weights(g, r);
  const ValueId in = *c.in.begin(), out = *c.out.begin();
  CutModel cut{{}, {}, piece(g, r.first, r.last, in, out)};
  if (in != g.inputs[0]) cut.before = piece(g, 0, r.first - 1, g.inputs[0], in);
  if (out != g.outputs[0]) cut.after = piece(g, r.last + 1, g.nodes.size() - 1, out, g.outputs[0]);
  return cut;
}

}  // namespace tacit::sealed
