#include "tacit/audit/learner.h"

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/mpc/protocols/plain/engine.h"
#include "tacit/nn/train/trainer.h"
#include "tacit/secret/gate.h"

namespace tacit::audit {

namespace {

constexpr std::size_t kBatch = 32, kAskedAtOnce = 256;
constexpr unsigned kFraction = 24;

class Pairs final : public nn::Examples {
 public:
  Pairs(const PublicTensor& x, const PublicTensor& y) : x_(x), y_(y) {}
  std::size_t rows() const override { return x_.shape[0]; }
  Batch batch(fn::Ctx& ctx, std::span<const std::size_t> rows) override {
    return {fn::constant(ctx, some_rows(x_, rows)), fn::constant(ctx, some_rows(y_, rows))};
  }

 private:
  const PublicTensor &x_, &y_;
};

/// Opens what is no secret to its one party.
PublicTensor value_of(Engine& engine, const Secret<Real>& x) {
  RevealPolicy policy({{"answer", {"auditor"}, "there is nobody else", 1}}, {"auditor"});
  Ledger ledger;
  return *Gate::reveal(engine, ledger, x, policy.permit("answer")).opened;
}

}  // namespace

PublicTensor some_rows(const PublicTensor& from, std::span<const std::size_t> rows) {
  PublicTensor out{from.shape, {}};
  const std::size_t width = from.values.size() / from.shape.at(0);
  out.shape[0] = rows.size();
  out.values.reserve(rows.size() * width);
  for (const std::size_t r : rows) {
    const auto at = from.values.begin() + static_cast<std::ptrdiff_t>(r * width);
    out.values.insert(out.values.end(), at, at + static_cast<std::ptrdiff_t>(width));
  }
  return out;
}

struct Learner::State {
  State(nn::Graph g, unsigned threads)
      : graph(std::move(g)),
        workers(threads),
        engine(Compute{ring_kernels(detect_isa()), workers}),
        parameters(nn::initial_parameters(ctx, graph)) {}

  nn::Graph graph;
  Workers workers;
  plain::DoubleEngine engine;
  fn::Ctx ctx{engine, kFraction};
  nn::Parameters parameters;
};

Learner::Learner(nn::Graph graph, unsigned threads) {
  ensure(graph.inputs.size() == 1 && graph.outputs.size() == 1, "a network of one input and one output");
  state_ = std::make_unique<State>(std::move(graph), threads);
}
Learner::~Learner() = default;

void Learner::learn(const PublicTensor& x, const PublicTensor& y, const LearnSettings& settings) {
  State& s = *state_;
  Pairs pairs(x, y);
  nn::TrainSettings train;
  train.batch = std::min(kBatch, pairs.rows());
  const std::size_t steps = (pairs.rows() + train.batch - 1) / train.batch;
  train.epochs = std::max(settings.epochs, (settings.least_steps + steps - 1) / steps);
  train.seed = settings.seed;
  train.loss = "squared_error";
  train.optimiser.name = "adam";
  train.optimiser.rate = settings.rate;
  train.optimiser.schedule = "cosine";
  nn::train(s.ctx, s.graph, s.parameters, pairs, train, {});
}

PublicTensor Learner::run(const PublicTensor& x) {
  State& s = *state_;
  PublicTensor out;
  std::vector<std::size_t> rows;
  for (std::size_t r = 0; r < x.shape.at(0); ++r) {
    rows.push_back(r);
    if (rows.size() < kAskedAtOnce && r + 1 < x.shape[0]) continue;
    const Secret<Real> input[] = {fn::constant(s.ctx, some_rows(x, rows))};
    const PublicTensor y = value_of(s.engine, nn::forward(s.ctx, s.graph, s.parameters, input)[0]);
    ensure(!y.shape.empty() && y.shape[0] == rows.size(), "a result for each example");
    if (out.shape.empty()) out.shape = y.shape;
    out.values.insert(out.values.end(), y.values.begin(), y.values.end());
    rows.clear();
  }
  out.shape.at(0) = x.shape[0];
  return out;
}

nn::Graph Learner::learnt() const {
  nn::Graph out = state_->graph;
  const auto ids = out.parameters();
  for (std::size_t i = 0; i < ids.size(); ++i)
    out.values[ids[i]].initial = value_of(state_->engine, state_->parameters[i]);
  return out;
}

}  // namespace tacit::audit
