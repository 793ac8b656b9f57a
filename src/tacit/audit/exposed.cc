#include "tacit/audit/exposed.h"

#include <algorithm>

#include "tacit/audit/algebra.h"
#include "tacit/audit/steal.h"
#include "tacit/base/error.h"
#include "tacit/trace/plain_model.h"

namespace tacit::audit {

namespace {

using nn::Graph;
using nn::ValueId;
using ValueKind = nn::ValueInfo::Kind;

/// What is solved for at most: numbers in a matrix, or in each of many; neurons; numbers that go in.
constexpr std::size_t kMostUnknowns = std::size_t{1} << 24, kMostUnknownsOfHidden = std::size_t{1} << 20;
constexpr std::size_t kMostHidden = 1024, kMostSolvedInputs = 4096;
/// By how many random questions a solution is checked, and how well it must answer them.
constexpr std::size_t kChecked = 64;
constexpr double kSolvedWithin = 1e-3;

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

/// The same graph, with a few nodes for those that were cut out, and nothing left of their weights.
Graph with_recovered(const Graph& model, const Cut& cut, const Recovered& found, const Shape& result) {
  Graph g = model;
  const std::vector<nn::Node> after(g.nodes.begin() + static_cast<std::ptrdiff_t>(cut.end), g.nodes.end());
  g.nodes.resize(cut.begin);
  const auto node = [&](std::string_view op, std::vector<ValueId> inputs, nn::Attrs attrs = {}) {
    return g.add_node(*nn::find_op(op), "solved", std::move(inputs), std::move(attrs));
  };
  const auto layer = [&](ValueId x, std::size_t outputs, const std::vector<double>& matrix,
                         const std::vector<double>& bias) {
    const ValueId w = g.add_parameter("solved.weight", {{outputs, matrix.size() / outputs}, matrix});
    return node("Gemm", {x, w, g.add_parameter("solved.bias", {{outputs}, bias})},
                {{"transB", std::int64_t{1}}});
  };
  const ValueId flat = node("Flatten", {cut.in[0]});
  ValueId sums = layer(flat, found.outputs, found.direct, found.bias);
  if (found.hidden > 0) {
    const ValueId bent = node("Relu", {layer(flat, found.hidden, found.inner, found.shift)});
    sums = node("Add", {sums, layer(bent, found.outputs, found.outer, std::vector<double>(found.outputs))});
  }
  if (found.rectified) sums = node("Relu", {sums});
  std::vector<std::int64_t> shape{-1};
  for (const std::size_t d : result) shape.push_back(static_cast<std::int64_t>(d));
  node("Reshape", {sums}, {{"shape", shape}});
  g.nodes.back().output = cut.out[0];
  g.nodes.insert(g.nodes.end(), after.begin(), after.end());
  for (const ValueId v : g.parameters()) {
    const auto reads = [&](const nn::Node& n) {
      return std::find(n.inputs.begin(), n.inputs.end(), v) != n.inputs.end();
    };
    if (std::none_of(g.nodes.begin(), g.nodes.end(), reads))
      std::fill(g.values[v].initial.values.begin(), g.values[v].initial.values.end(), 0.0);
  }
  return g;
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

std::optional<Solved> solve_layers(const Graph& model, const Cut& cut, std::uint64_t most_queries,
                                   unsigned threads) {
  const Form form = form_of(model, cut);
  if (!one_in_one_out(cut) || form == Form::Other) return std::nullopt;
  Shape in = model.values[cut.in[0]].shape, out = model.values[cut.out[0]].shape;
  if (in.size() < 2 || out.size() < 2) return std::nullopt;
  in.erase(in.begin());
  out.erase(out.begin());
  const std::size_t inputs = elements(in), outputs = elements(out);
  const std::size_t unknowns = form == Form::OneHidden ? kMostUnknownsOfHidden : kMostUnknowns;
  if (inputs > kMostSolvedInputs || inputs * outputs > unknowns || inputs >= most_queries)
    return std::nullopt;
  // In double precision, more than a device's answers have: what is not solved so is not solved by them
  // either.
  Learner layers(nodes_between(model, cut), threads);
  const Points ask = [&](std::size_t rows, std::vector<double> values) {
    Shape shape = in;
    shape.insert(shape.begin(), rows);
    return layers.run({shape, std::move(values)}).values;
  };
  std::optional<Recovered> found;
  switch (form) {
    case Form::Affine:
      found = recover_affine(ask, inputs, outputs);
      break;
    case Form::Rectified:
      found = recover_rectified(ask, inputs, outputs);
      break;
    case Form::OneHidden:
      found = recover_one_hidden(ask, inputs, outputs, kMostHidden, most_queries);
      break;
    case Form::Other:
      break;
  }
  if (!found || found->queries > most_queries) return std::nullopt;
  Solved solved{form, found->queries, 0, {}};
  const PublicTensor random = trace::random_examples(in, kChecked, 1);
  const PublicTensor truth = layers.run(random);
  solved.residual = fidelity_of(truth, {truth.shape, found->run(kChecked, random.values)}).error;
  if (solved.residual > kSolvedWithin) return std::nullopt;
  solved.model = with_recovered(model, cut, *found, out);
  return solved;
}

}  // namespace tacit::audit
