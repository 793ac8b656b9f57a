#include "tacit/audit/exposed.h"

#include <algorithm>
#include <numeric>

#include "tacit/audit/steal.h"
#include "tacit/base/error.h"
#include "tacit/trace/plain_model.h"

namespace tacit::audit {

namespace {

using nn::Graph;
using nn::ValueId;
using ValueKind = nn::ValueInfo::Kind;

/// A matrix with more numbers than that is not solved for.
constexpr std::size_t kMostUnknowns = std::size_t{1} << 24, kMostSolvedInputs = 4096;
constexpr std::size_t kUnitsAtOnce = 256, kChecked = 64;

PublicTensor run_once(Graph graph, const PublicTensor& x, unsigned threads) {
  return Learner(std::move(graph), threads).run(x);
}

/// The whole graph up to one of its values.
PublicTensor value_in(const Graph& model, ValueId value, const PublicTensor& questions, std::size_t nodes,
                      unsigned threads) {
  if (value == model.inputs[0]) return questions;
  return run_once(nodes_between(model, {0, nodes, model.inputs, {value}}), questions, threads);
}

bool one_in_one_out(const Cut& cut) { return cut.in.size() == 1 && cut.out.size() == 1; }

/// What an import folded into something else is read by nobody, and has no gradient.
std::vector<ValueId> weights_that_are_read(const Graph& graph) {
  std::vector<ValueId> out;
  for (const nn::Node& n : graph.nodes) out.insert(out.end(), n.inputs.begin(), n.inputs.end());
  return out;
}

/// Gradients train these alone; the others stay as they are.
void train_only(Graph& graph, std::span<const ValueId> weights) {
  for (const ValueId v : graph.trained())
    if (std::find(weights.begin(), weights.end(), v) == weights.end())
      graph.values[v].kind = ValueKind::State;
}

}  // namespace

std::string_view to_string(Way way) {
  switch (way) {
    case Way::Scores:
      return "scores";
    case Way::AllLayers:
      return "all layers";
    case Way::Results:
      return "results";
  }
  return "";
}

std::vector<Way> ways_for(const Graph& model, std::span<const WeightedLayer> layers, const Segment& kept) {
  if (kept == Segment{1, layers.size()}) return {Way::AllLayers};
  const Cut cut = cut_of(model, layers, kept);
  std::vector<Way> out;
  // To train on results that are the scores would be the same again.
  if (one_in_one_out(cut) && cut.out != model.outputs) out.push_back(Way::Results);
  out.push_back(Way::Scores);
  out.push_back(Way::AllLayers);
  return out;
}

Graph steal_layers(const Graph& model, std::span<const WeightedLayer> layers, const Segment& kept, Way way,
                   const Answers& known, const LearnSettings& settings, unsigned threads) {
  const std::vector<ValueId> weights = kept_weights(layers, kept);
  if (weights.empty()) return model;  // other layers have the same ones
  Graph start = forgotten(model, weights, settings.seed);
  if (way != Way::Results) {
    train_only(start, way == Way::Scores ? weights : weights_that_are_read(start));
    Learner learner(std::move(start), threads);
    learner.learn(known.questions, known.answers, settings);
    return learner.learnt();
  }
  const Cut cut = cut_of(model, layers, kept);
  ensure(one_in_one_out(cut), "layers that one value goes into and one comes out of");
  const PublicTensor x = value_in(model, cut.in[0], known.questions, cut.begin, threads);
  const PublicTensor y = run_once(nodes_between(model, cut), x, threads);
  train_only(start, weights);
  Learner learner(nodes_between(start, cut), threads);
  learner.learn(x, y, settings);
  // The part's nodes stand in the same order, and their inputs, too.
  const Graph part = learner.learnt();
  for (std::size_t n = 0; n < part.nodes.size(); ++n)
    for (std::size_t i = 0; i < part.nodes[n].inputs.size(); ++i) {
      const ValueId from = part.nodes[n].inputs[i];
      if (from != nn::kNoValue && part.values[from].kind == ValueKind::Parameter)
        start.values[start.nodes[cut.begin + n].inputs[i]].initial = part.values[from].initial;
    }
  return start;
}

std::optional<Solved> solve_layers(const Graph& model, const Cut& cut, unsigned threads) {
  if (!one_in_one_out(cut) || !is_affine(model, cut)) return std::nullopt;
  Shape in = model.values[cut.in[0]].shape, out = model.values[cut.out[0]].shape;
  if (in.size() < 2 || out.size() < 2) return std::nullopt;
  in.erase(in.begin());
  out.erase(out.begin());
  const std::size_t inputs = elements(in), outputs = elements(out);
  if (inputs > kMostSolvedInputs || inputs * outputs > kMostUnknowns) return std::nullopt;
  trace::PlainModel layers(nodes_between(model, cut), threads);
  const auto ask = [&](std::size_t rows, std::vector<double> values) {
    Shape shape = in;
    shape.insert(shape.begin(), rows);
    return layers.run({shape, std::move(values)}).values;
  };
  const std::vector<double> bias = ask(1, std::vector<double>(inputs));
  std::vector<double> matrix(outputs * inputs);
  for (std::size_t begin = 0; begin < inputs; begin += kUnitsAtOnce) {
    const std::size_t rows = std::min(kUnitsAtOnce, inputs - begin);
    std::vector<double> units(rows * inputs);
    for (std::size_t r = 0; r < rows; ++r) units[r * inputs + begin + r] = 1;
    const std::vector<double> y = ask(rows, std::move(units));
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t o = 0; o < outputs; ++o) matrix[o * inputs + begin + r] = y[r * outputs + o] - bias[o];
  }

  Solved solved;
  solved.queries = inputs + 1;
  const PublicTensor random = trace::random_examples(in, kChecked, 1);
  const PublicTensor truth = layers.run(random);
  PublicTensor found{truth.shape, {}};
  for (std::size_t r = 0; r < kChecked; ++r)
    for (std::size_t o = 0; o < outputs; ++o)
      found.values.push_back(
          std::inner_product(matrix.begin() + static_cast<std::ptrdiff_t>(o * inputs),
                             matrix.begin() + static_cast<std::ptrdiff_t>((o + 1) * inputs),
                             random.values.begin() + static_cast<std::ptrdiff_t>(r * inputs), bias[o]));
  solved.residual = fidelity_of(truth, found).error;

  // The same graph, with three nodes for those of the layers, and nothing left of their weights.
  Graph& g = solved.model = model;
  std::vector<nn::Node> after(g.nodes.begin() + static_cast<std::ptrdiff_t>(cut.end), g.nodes.end());
  g.nodes.resize(cut.begin);
  const ValueId w = g.add_parameter("solved.weight", {{outputs, inputs}, std::move(matrix)});
  const ValueId b = g.add_parameter("solved.bias", {{outputs}, bias});
  const ValueId flat = g.add_node(*nn::find_op("Flatten"), "solved.flat", {cut.in[0]});
  const ValueId sums =
      g.add_node(*nn::find_op("Gemm"), "solved", {flat, w, b}, {{"transB", std::int64_t{1}}});
  std::vector<std::int64_t> shape{-1};
  for (const std::size_t d : out) shape.push_back(static_cast<std::int64_t>(d));
  g.add_node(*nn::find_op("Reshape"), "solved.shape", {sums}, {{"shape", shape}});
  g.nodes.back().output = cut.out[0];
  g.nodes.insert(g.nodes.end(), after.begin(), after.end());
  for (const ValueId v : g.parameters()) {
    const auto reads = [&](const nn::Node& n) {
      return std::find(n.inputs.begin(), n.inputs.end(), v) != n.inputs.end();
    };
    if (std::none_of(g.nodes.begin(), g.nodes.end(), reads))
      std::fill(g.values[v].initial.values.begin(), g.values[v].initial.values.end(), 0.0);
  }
  return solved;
}

}  // namespace tacit::audit
