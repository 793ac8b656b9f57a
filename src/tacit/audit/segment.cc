#include "tacit/audit/segment.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <random>

#include "tacit/base/error.h"

namespace tacit::audit {

namespace {

using nn::Graph;
using nn::kNoValue;
using nn::Node;
using nn::ValueId;
using Kind = nn::ValueInfo::Kind;

bool among(std::span<const ValueId> all, ValueId one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}
bool is_one_of(std::string_view op, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), op) != names.end();
}

bool is_weight(const Graph& g, ValueId v) {
  return v != kNoValue && (g.values[v].kind == Kind::Parameter || g.values[v].kind == Kind::State) &&
         elements(g.values[v].shape) > 1;
}

/// Numbers of weights that go into one number of the node's result.
std::size_t fan_in(const Graph& g, const Node& n, std::size_t input) {
  const Shape& s = g.values[n.inputs[input]].shape;
  if (s.size() < 2) return 1;
  if (n.op->name == "Conv") return elements(s) / s[0];
  if (n.op->name == "Gemm") {
    const bool turned = n.attrs.integer(input == 0 ? "transA" : "transB", 0) != 0;
    return (input == 0) == turned ? s[0] : s[1];
  }
  if (n.op->name == "MatMul") return input == 0 ? s.back() : s[s.size() - 2];
  return s.back();
}

std::uint64_t products_of(const Graph& g, const Node& n) {
  const std::uint64_t results = elements(g.values[n.output].shape);
  if (!is_one_of(n.op->name, {"Conv", "Gemm", "MatMul"})) return results;
  if (n.op->name == "Conv") return results * fan_in(g, n, 1);
  const Shape& a = g.values[n.inputs[0]].shape;
  const bool turned = n.op->name == "Gemm" && n.attrs.integer("transA", 0) != 0;
  return results * (turned ? a[a.size() - 2] : a.back());
}

/// How a value depends on what goes into a segment: not at all, or in that form.
using Depends = std::optional<Form>;

Depends through(const Node& n, std::span<const Depends> in) {
  const auto count = [&](std::size_t from, std::size_t to) {
    std::size_t c = 0;
    for (std::size_t i = from; i < std::min(to, in.size()); ++i) c += in[i] ? 1 : 0;
    return c;
  };
  if (count(0, in.size()) == 0) return std::nullopt;
  Form most = Form::Affine;
  for (const Depends& d : in)
    if (d) most = std::max(most, *d);
  if (most == Form::Other) return most;
  const std::string_view op = n.op->name;
  if (op == "Relu") return most == Form::OneHidden ? Form::Other : Form::Rectified;
  // What moves numbers about.
  if (is_one_of(op,
                {"Identity", "Dropout", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Transpose", "Slice"}))
    return most;
  // Sums.
  if (is_one_of(op, {"Add",
                     "Sub",
                     "Sum",
                     "Mean",
                     "Neg",
                     "Concat",
                     "Pad",
                     "Expand",
                     "Tile",
                     "ReduceSum",
                     "ReduceMean",
                     "AveragePool",
                     "GlobalAveragePool",
                     "Gather",
                     "Gemm",
                     "Conv",
                     "MatMul",
                     "Mul",
                     "Div",
                     "BatchNormalization"})) {
    // Products, of which one factor must be known; what follows the factors is added.
    if (is_one_of(op, {"Gemm", "Conv", "MatMul", "Mul"}) && count(0, 2) > 1) return Form::Other;
    if (is_one_of(op, {"Div", "BatchNormalization", "Gather"}) && count(1, in.size()) > 0) return Form::Other;
    return most == Form::Affine ? Form::Affine : Form::OneHidden;
  }
  return Form::Other;
}

}  // namespace

std::vector<WeightedLayer> weighted_layers(const Graph& graph) {
  std::vector<WeightedLayer> out;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& n = graph.nodes[i];
    WeightedLayer layer{n.name, std::string(n.op->name), i, {}, 0, 0};
    for (const ValueId v : n.inputs)
      if (is_weight(graph, v) && !among(layer.weights, v)) {
        layer.weights.push_back(v);
        layer.numbers += elements(graph.values[v].shape);
      }
    if (!layer.weights.empty()) out.push_back(std::move(layer));
    if (!out.empty()) out.back().multiply_adds += products_of(graph, n);
  }
  for (WeightedLayer& l : out) l.multiply_adds = std::max(l.multiply_adds, l.numbers);
  return out;
}

Segment parse_segment(std::string_view text, std::size_t layers) {
  const auto number = [](std::string_view part) -> std::optional<std::size_t> {
    std::size_t n = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), n);
    if (error != std::errc{} || end != part.data() + part.size()) return std::nullopt;
    return n;
  };
  const std::size_t dash = text.find('-');
  const auto first = number(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : number(text.substr(dash + 1));
  require(first && last,
          "'{}' names no layers: write one, as 4, or the first and the last of several, as 3-5", text);
  require(*first >= 1 && *first <= *last && *last <= layers,
          "there are no layers {}: the model has {} with weights, which count from 1", text, layers);
  return {*first, *last};
}

std::string to_string(const Segment& s) {
  return s.first == s.last ? fmt::format("{}", s.first) : fmt::format("{}-{}", s.first, s.last);
}

Cut cut_of(const Graph& graph, std::span<const WeightedLayer> layers, const Segment& segment) {
  ensure(segment.first >= 1 && segment.first <= segment.last && segment.last <= layers.size(),
         "a segment of layers that are there");
  Cut cut;
  cut.begin = layers[segment.first - 1].node;
  cut.end = segment.last == layers.size() ? graph.nodes.size() : layers[segment.last].node;
  std::vector<ValueId> made;
  for (std::size_t i = cut.begin; i < cut.end; ++i) {
    const Node& n = graph.nodes[i];
    for (const ValueId v : n.inputs) {
      if (v == kNoValue || among(made, v) || among(cut.in, v)) continue;
      const Kind kind = graph.values[v].kind;
      if (kind == Kind::Input || kind == Kind::Result) cut.in.push_back(v);
    }
    made.push_back(n.output);
  }
  for (const ValueId v : made) {
    bool crosses = among(graph.outputs, v);
    for (std::size_t i = cut.end; i < graph.nodes.size() && !crosses; ++i)
      crosses = among(graph.nodes[i].inputs, v);
    if (crosses) cut.out.push_back(v);
  }
  return cut;
}

Form form_of(const Graph& graph, const Cut& cut) {
  std::vector<Depends> how(graph.values.size());
  for (const ValueId v : cut.in) how[v] = Form::Affine;
  for (std::size_t i = cut.begin; i < cut.end; ++i) {
    const Node& n = graph.nodes[i];
    std::vector<Depends> in;
    for (const ValueId v : n.inputs) in.push_back(v == kNoValue ? Depends() : how[v]);
    how[n.output] = through(n, in);
  }
  Form out = Form::Affine;
  for (const ValueId v : cut.out) out = std::max(out, how[v].value_or(Form::Affine));
  return out;
}

std::string_view to_string(Form form) {
  switch (form) {
    case Form::Affine:
      return "affine";
    case Form::Rectified:
      return "an affine layer and a Relu";
    case Form::OneHidden:
      return "one hidden layer of Relus";
    case Form::Other:
      break;
  }
  return "other";
}

Graph nodes_between(const Graph& graph, const Cut& cut) {
  Graph out;
  std::vector<ValueId> place(graph.values.size(), kNoValue);
  const auto bring = [&](ValueId v) {
    if (v == kNoValue) return kNoValue;
    if (place[v] == kNoValue) {
      place[v] = out.values.size();
      out.values.push_back(graph.values[v]);
    }
    return place[v];
  };
  for (const ValueId v : cut.in) {
    out.inputs.push_back(bring(v));
    out.values.back().kind = Kind::Input;
  }
  for (std::size_t i = cut.begin; i < cut.end; ++i) {
    Node n = graph.nodes[i];
    for (ValueId& v : n.inputs) v = bring(v);
    n.output = bring(n.output);
    out.nodes.push_back(std::move(n));
  }
  for (const ValueId v : cut.out) out.outputs.push_back(bring(v));
  return out;
}

std::vector<ValueId> kept_weights(std::span<const WeightedLayer> layers, const Segment& segment) {
  std::vector<ValueId> out;
  for (std::size_t i = segment.first - 1; i < segment.last; ++i)
    for (const ValueId v : layers[i].weights) {
      bool elsewhere = among(out, v);
      for (std::size_t j = 0; j < layers.size(); ++j)
        if (j + 1 < segment.first || j + 1 > segment.last) elsewhere |= among(layers[j].weights, v);
      if (!elsewhere) out.push_back(v);
    }
  return out;
}

Graph forgotten(Graph graph, std::span<const ValueId> weights, std::uint64_t seed) {
  for (const Node& n : graph.nodes)
    for (std::size_t i = 0; i < n.inputs.size(); ++i) {
      const ValueId v = n.inputs[i];
      if (v == kNoValue || !among(weights, v)) continue;
      std::vector<double>& numbers = graph.values[v].initial.values;
      const bool scales =
          is_one_of(n.op->name, {"Mul", "Div"}) ||
          (is_one_of(n.op->name, {"LayerNormalization", "BatchNormalization"}) && (i == 1 || i == 4));
      const bool matrix = graph.values[v].shape.size() > 1 && !scales && n.op->name != "Add";
      std::fill(numbers.begin(), numbers.end(), scales ? 1.0 : 0.0);
      if (!matrix) continue;
      // Each tensor has numbers of its own, whichever others are forgotten.
      std::mt19937_64 source(seed * 1000003 + v);
      const double limit =
          std::sqrt(6.0 / static_cast<double>(std::max<std::size_t>(fan_in(graph, n, i), 1)));
      for (double& x : numbers) x = limit * (static_cast<double>(source() >> 11) * 0x1p-52 - 1.0);
    }
  return graph;
}

}  // namespace tacit::audit
