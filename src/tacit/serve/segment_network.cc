#include "tacit/serve/segment_network.h"

#include <algorithm>
#include <cmath>

#include "tacit/base/error.h"

namespace tacit {

namespace {

using seco::Activation, seco::Model, seco::Network, seco::Stage, seco::Term;

constexpr unsigned kMostBits = 48, kFewestBits = 16;
/// In which a range is looked for where none was asked for, and how wide it should be.
constexpr unsigned kUsualBits[] = {32, 40, 48};
constexpr std::int64_t kUsualInputs = 64, kLeastInputs = 1;

bool is_linear(const Activation& a) { return !a.relu && !a.ceiling && a.places == 0 && a.windows.empty(); }

/// For each result of its first axis: the sum of its weights' magnitudes.
std::vector<double> row_sums(const seco::Numbers& numbers, const RingTensor& w) {
  std::vector<double> out(w.shape.at(0), 0);
  const std::size_t each = w.size() / out.size();
  for (std::size_t i = 0; i < w.size(); ++i)
    out[i / each] += std::fabs(static_cast<double>(numbers.signed_of(w.data()[i])));
  return out;
}

/// What bounds of the model's sums are made of: worked out once.
class SumBounds {
 public:
  explicit SumBounds(const Model& model) : network_(model.network) {
    for (const RingTensor& w : model.weights) sums_.push_back(row_sums(network_.numbers, w));
  }

  /// The largest magnitude of all numbers of the network.
  double largest(double input) const {
    std::vector<double> values{input};
    double most = input;
    for (const Stage& stage : network_.stages) {
      std::vector<double> sum(stage.sum.at(0), 0);
      for (const Term& term : stage.terms) add(term, values[term.value], sum);
      if (stage.bias)
        for (std::size_t i = 0; i < sum.size(); ++i)
          sum[i] += std::ldexp(sums_[*stage.bias][i], static_cast<int>(stage.bias_lift));
      const Activation& a = stage.activation;
      double value = 0;
      for (const double s : sum) {
        const double rounded = s + (a.truncate == 0 ? 0 : std::ldexp(1, static_cast<int>(a.truncate) - 1));
        most = std::max(most, rounded);
        value = std::max(value, std::ceil(std::ldexp(rounded, -static_cast<int>(a.truncate))));
      }
      if (a.ceiling) most = std::max(most, static_cast<double>(network_.numbers.signed_of(*a.ceiling)));
      values.push_back(value);
    }
    return most;
  }

 private:
  void add(const Term& term, double value, std::vector<double>& sum) const {
    if (term.kind == Term::Kind::Same)
      for (double& s : sum) s += std::ldexp(value, static_cast<int>(term.lift));
    if (term.kind == Term::Kind::AveragePool) {
      const double positions = static_cast<double>(term.kernel.at(2) * term.kernel.at(3));
      for (double& s : sum) s += value * positions * static_cast<double>(term.factor);
    }
    if (term.is_private())
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += value * sums_[term.weights][i];
  }

  const Network& network_;
  std::vector<std::vector<double>> sums_;
};

/// Comparisons are of differences, which take a bit more.
double end_of(unsigned bits) { return std::ldexp(1, static_cast<int>(bits) - 2); }

std::int64_t widest(const SumBounds& bounds, unsigned bits) {
  std::int64_t low = 0, high = std::int64_t{1} << (bits - 2);
  while (low + 1 < high) {
    const std::int64_t middle = low + (high - low) / 2;
    (bounds.largest(static_cast<double>(middle)) < end_of(bits) ? low : high) = middle;
  }
  return low;
}

}  // namespace

void require_hidden_layer(const Network& network) {
  // Of each value: 0 no weights behind it, 1 an affine layer of them, 2 and then something that is not
  // linear, 3 and weights again.
  std::vector<unsigned> depth{0};
  bool linear = true;
  for (const Stage& stage : network.stages) {
    unsigned d = 0;
    for (const Term& term : stage.terms) {
      const unsigned before = depth[term.value];
      d = std::max(d, term.is_private() ? (before >= 2 ? 3u : 1u) : before);
    }
    if (!is_linear(stage.activation)) {
      linear = false;
      if (d == 1) d = 2;
    }
    depth.push_back(d);
  }
  const std::size_t inputs = elements(network.input);
  require(
      !linear,
      "the protected segment is affine between what the device sees, so that {} questions and their answers "
      "solve it for all of its weights: protect nodes with a Relu, or another that is not linear, between "
      "two layers of weights",
      inputs + 1);
  require(depth.back() == 3,
          "the protected segment has one layer of weights, and all that is not linear stands before or "
          "behind it, "
          "in the device's sight: about {} questions and their answers, on the side where it is affine, "
          "solve it; "
          "protect two layers of weights, and what is between them",
          inputs + 1);
}

std::int64_t widest_input(const Model& model, unsigned bits) { return widest(SumBounds(model), bits); }

SegmentNumbers numbers_for(const nn::Graph& segment, unsigned fraction,
                           const std::optional<InputRange>& range) {
  const Model model = segment_model(segment, {.bits = kMostBits, .fraction = fraction});
  const SumBounds bounds(model);
  const double scale = std::ldexp(1, static_cast<int>(fraction));
  SegmentNumbers out{{.bits = kMostBits, .fraction = fraction}};
  if (range) {
    require(range->low < range->high && std::isfinite(range->low) && std::isfinite(range->high),
            "the protected segment takes numbers from {:.6g} to {:.6g}, which is no range", range->low,
            range->high);
    const double widest_of_it = std::max(std::fabs(range->low), std::fabs(range->high)) * scale + 1;
    const double most = bounds.largest(widest_of_it);
    unsigned bits = std::max(kFewestBits, 2 * fraction + 1);
    while (bits <= kMostBits && most >= end_of(bits)) ++bits;
    require(
        bits <= kMostBits,
        "with numbers from {:.6g} to {:.6g} going into the protected segment, those within it can become "
        "larger than {} bits hold: declare a narrower --input-range, take a smaller --fraction, or protect "
        "fewer layers",
        range->low, range->high, kMostBits);
    out.numbers.bits = bits;
    out.low = static_cast<std::int64_t>(std::floor(range->low * scale));
    out.high = static_cast<std::int64_t>(std::ceil(range->high * scale));
    return out;
  }
  for (const unsigned bits : kUsualBits) {
    if (bits <= 2 * fraction) continue;
    out.numbers.bits = bits;
    out.high = widest(bounds, bits);
    if (out.high >= static_cast<std::int64_t>(kUsualInputs * scale)) break;
  }
  require(out.high >= static_cast<std::int64_t>(kLeastInputs * scale),
          "numbers within the protected segment can become larger than {} bits hold even for small inputs: "
          "take a "
          "smaller --fraction, or protect fewer layers",
          kMostBits);
  out.low = -out.high;
  return out;
}

Model segment_model(const nn::Graph& segment, const seco::Numbers& numbers) {
  const nn::Node& last = segment.nodes.back();
  const std::string_view op = last.op->name;
  require(
      op != "Softmax" && op != "LogSoftmax",
      "the node '{}' ({}) is at the end of the protected segment, and whoever has the scores can compute it "
      "alone: leave it to the device",
      last.name, op);
  Model model = seco::split_model(segment, numbers);
  require_hidden_layer(model.network);
  return model;
}

}  // namespace tacit
