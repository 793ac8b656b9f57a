#include <cmath>

#include "tacit/audit/imitation.h"
#include "tacit/audit/learner.h"
#include "tacit/nn/layers/layer.h"

namespace tacit::audit {

namespace {

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

nn::Graph graph_for(const Answers& known, const NetworkSettings& settings) {
  Shape example = known.questions.shape;
  example.erase(example.begin());
  const auto width = static_cast<std::int64_t>(settings.hidden);
  const nn::LayerSpec hidden{"dense", {{"units", width}}, {}, {}}, relu{"relu", {}, {}, {}};
  const nn::LayerSpec last{"dense", {}, {}, {}};
  const nn::LayerSpec layers[] = {hidden, relu, hidden, relu, last};
  return nn::build_graph(example, layers, known.answers.values.size() / known.rows(), settings.seed);
}

class Network final : public Imitation {
 public:
  Network(const Answers& known, const NetworkSettings& settings)
      : form_(known.answers.shape),
        x_(known.questions),
        y_(known.answers),
        learner_(graph_for(known, settings), settings.threads) {
    PublicTensor y = y_.to(known.answers);
    y.shape = {known.rows(), y.values.size() / known.rows()};
    learner_.learn(x_.to(known.questions), y,
                   {.epochs = settings.epochs, .rate = settings.rate, .seed = settings.seed});
  }

  PublicTensor run(const PublicTensor& questions) override {
    PublicTensor out = y_.back(learner_.run(x_.to(questions)));
    out.shape = form_;
    out.shape[0] = questions.shape.at(0);
    return out;
  }

 private:
  Shape form_;
  Standard x_, y_;
  Learner learner_;
};

}  // namespace

std::unique_ptr<Imitation> network_imitation(const Answers& known, const NetworkSettings& settings) {
  return std::make_unique<Network>(known, settings);
}

}  // namespace tacit::audit
