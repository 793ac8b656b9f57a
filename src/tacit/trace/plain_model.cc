#include "tacit/trace/plain_model.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

#include "tacit/base/error.h"
#include "tacit/base/workers.h"
#include "tacit/mpc/protocols/plain/engine.h"
#include "tacit/nn/graph/execute.h"
#include "tacit/secret/gate.h"

namespace tacit::trace {

namespace {

constexpr std::size_t kBatch = 256;
constexpr unsigned kFraction = 24;  // binary digits to which functions are approximated

Shape without_rows(Shape shape) {
  if (!shape.empty()) shape.erase(shape.begin());
  return shape;
}

/// Opens what is no secret to its one party.
PublicTensor value_of(Engine& engine, const Secret<Real>& x) {
  RevealPolicy policy({{"answer", {"vendor"}, "there is nobody else", 1}}, {"vendor"});
  Ledger ledger;
  return *Gate::reveal(engine, ledger, x, policy.permit("answer")).opened;
}

}  // namespace

struct PlainModel::State {
  State(nn::Graph g, unsigned threads)
      : graph(std::move(g)),
        example(without_rows(graph.values[graph.inputs.at(0)].shape)),
        workers(threads),
        engine(Compute{ring_kernels(detect_isa()), workers}),
        parameters(nn::initial_parameters(ctx, graph)) {}

  nn::Graph graph;
  Shape example;
  Workers workers;
  plain::DoubleEngine engine;
  fn::Ctx ctx{engine, kFraction};
  nn::Parameters parameters;
};

PlainModel::PlainModel(nn::Graph graph, unsigned threads) {
  require(graph.inputs.size() == 1 && graph.outputs.size() == 1,
          "a model of {} inputs and {} outputs cannot be asked: it needs one of each", graph.inputs.size(),
          graph.outputs.size());
  state_ = std::make_unique<State>(std::move(graph), threads);
}
PlainModel::~PlainModel() = default;

const Shape& PlainModel::example() const { return state_->example; }

PublicTensor PlainModel::run(const PublicTensor& examples) {
  State& s = *state_;
  require(!examples.shape.empty() && examples.shape[0] > 0 && without_rows(examples.shape) == s.example,
          "the examples have shape {}, and the model takes rows of {}", to_string(examples.shape),
          to_string(s.example));
  const std::size_t rows = examples.shape[0], width = elements(s.example);
  require(examples.values.size() == rows * width, "the examples have {} numbers where their shape needs {}",
          examples.values.size(), rows * width);
  PublicTensor out;
  for (std::size_t begin = 0; begin < rows; begin += kBatch) {
    PublicTensor batch{examples.shape, {}};
    batch.shape[0] = std::min(kBatch, rows - begin);
    const auto from = examples.values.begin() + static_cast<std::ptrdiff_t>(begin * width);
    batch.values.assign(from, from + static_cast<std::ptrdiff_t>(batch.shape[0] * width));
    const Secret<Real> input[] = {fn::constant(s.ctx, batch)};
    const PublicTensor answer = value_of(s.engine, nn::forward(s.ctx, s.graph, s.parameters, input)[0]);
    require(!answer.shape.empty() && answer.shape[0] == batch.shape[0],
            "the model gives an output of shape {} for {} examples, which are no rows",
            to_string(answer.shape), batch.shape[0]);
    if (out.shape.empty()) out.shape = answer.shape;
    out.values.insert(out.values.end(), answer.values.begin(), answer.values.end());
  }
  out.shape[0] = rows;
  return out;
}

PublicTensor random_examples(const Shape& example, std::size_t rows, std::uint64_t seed) {
  Shape shape = example;
  shape.insert(shape.begin(), rows);
  PublicTensor out{shape, std::vector<double>(elements(shape))};
  // Box and Muller's, for the library's own normal numbers differ from one to the other.
  std::mt19937_64 source(seed);
  const auto unit = [&] { return (static_cast<double>(source() >> 11) + 0.5) * 0x1p-53; };
  for (double& x : out.values) {
    const double radius = std::sqrt(-2 * std::log(unit()));
    x = radius * std::cos(2 * std::numbers::pi * unit());
  }
  return out;
}

}  // namespace tacit::trace
