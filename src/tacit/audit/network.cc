#include <algorithm>
#include <cmath>

#include "tacit/audit/imitation.h"
#include "tacit/base/error.h"
#include "tacit/mpc/protocols/plain/engine.h"
#include "tacit/nn/layers/layer.h"
#include "tacit/nn/train/trainer.h"
#include "tacit/secret/gate.h"

namespace tacit::audit {

namespace {

constexpr std::size_t kBatch = 32, kAskedAtOnce = 256;
constexpr unsigned kFraction = 24;
constexpr double kRate = 0.003;

PublicTensor rows_of(const PublicTensor& from, std::span<const std::size_t> rows) {
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

class Pairs final : public nn::Examples {
 public:
  Pairs(const PublicTensor& x, const PublicTensor& y) : x_(x), y_(y) {}
  std::size_t rows() const override { return x_.shape[0]; }
  Batch batch(fn::Ctx& ctx, std::span<const std::size_t> rows) override {
    return {fn::constant(ctx, rows_of(x_, rows)), fn::constant(ctx, rows_of(y_, rows))};
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

/// Numbers brought to a mean of 0 and a deviation of 1, all by the same two.
struct Standard {
  explicit Standard(const PublicTensor& of) {
    for (const double x : of.values) mean += x / static_cast<double>(of.values.size());
    double squares = 0;
    for (const double x : of.values) squares += (x - mean) * (x - mean);
    if (squares > 0) deviation = std::sqrt(squares / static_cast<double>(of.values.size()));
  }
  PublicTensor to(PublicTensor x) const {
    for (double& v : x.values) v = (v - mean) / deviation;
    return x;
  }
  PublicTensor back(PublicTensor x) const {
    for (double& v : x.values) v = v * deviation + mean;
    return x;
  }
  double mean = 0, deviation = 1;
};

class Network final : public Imitation {
 public:
  Network(const Answers& known, const NetworkSettings& settings)
      : form_(known.answers.shape),
        x_(known.questions),
        y_(known.answers),
        workers_(settings.threads),
        engine_(Compute{ring_kernels(detect_isa()), workers_}) {
    Shape example = known.questions.shape;
    example.erase(example.begin());
    const std::size_t rows = known.rows(), outputs = known.answers.values.size() / rows;
    graph_ = nn::build_graph(example, nn::network_named("A"), outputs, settings.seed);
    parameters_ = nn::initial_parameters(ctx_, graph_);
    const PublicTensor x = x_.to(known.questions);
    PublicTensor y = y_.to(known.answers);
    y.shape = {rows, outputs};
    Pairs pairs(x, y);
    nn::TrainSettings train;
    train.epochs = settings.epochs;
    train.batch = std::min(kBatch, rows);
    train.seed = settings.seed;
    train.loss = "squared_error";
    train.optimiser.name = "adam";
    train.optimiser.rate = kRate;
    train.optimiser.schedule = "cosine";
    nn::train(ctx_, graph_, parameters_, pairs, train, {});
  }

  PublicTensor run(const PublicTensor& questions) override {
    const PublicTensor x = x_.to(questions);
    PublicTensor out{form_, {}};
    out.shape[0] = x.shape[0];
    std::vector<std::size_t> rows;
    for (std::size_t r = 0; r < x.shape[0]; ++r) {
      rows.push_back(r);
      if (rows.size() < kAskedAtOnce && r + 1 < x.shape[0]) continue;
      const Secret<Real> input[] = {fn::constant(ctx_, rows_of(x, rows))};
      const PublicTensor y = value_of(engine_, nn::forward(ctx_, graph_, parameters_, input)[0]);
      out.values.insert(out.values.end(), y.values.begin(), y.values.end());
      rows.clear();
    }
    return y_.back(std::move(out));
  }

 private:
  Shape form_;
  Standard x_, y_;
  Workers workers_;
  plain::DoubleEngine engine_;
  fn::Ctx ctx_{engine_, kFraction};
  nn::Graph graph_;
  nn::Parameters parameters_;
};

}  // namespace

std::unique_ptr<Imitation> network_imitation(const Answers& known, const NetworkSettings& settings) {
  return std::make_unique<Network>(known, settings);
}

}  // namespace tacit::audit
