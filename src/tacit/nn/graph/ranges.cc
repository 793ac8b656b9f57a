#include "tacit/nn/graph/ranges.h"

#include <cmath>

#include "tacit/base/error.h"
#include "tacit/fn/guard.h"
#include "tacit/mpc/table.h"
#include "tacit/nn/graph/execute.h"

namespace tacit::nn {

namespace {

/// What can be truncated has so many bits, sign included.
constexpr int kTruncates = 63;

/// Digits of numbers in units of the last place.
unsigned digits_of(double low, double high, unsigned frac) {
  const double largest = std::ldexp(std::max(std::fabs(low), std::fabs(high)), static_cast<int>(frac));
  return largest < 1 ? 0 : 1 + static_cast<unsigned>(std::floor(std::log2(largest)));
}

}  // namespace

std::vector<LayerRange> range_analysis(const Graph& graph, double input_low, double input_high,
                                       std::size_t batch, unsigned frac) {
  Workers workers(1);
  const Profile& profile = profile_named("lan");  // what is counted does not matter here
  DryEngine dry(all_protocols().front().costs(profile), party_id(0),
                Compute{ring_kernels(detect_isa()), workers});
  GuardEngine guard(dry);
  Ctx ctx{guard, frac};
  const Parameters parameters = initial_parameters(ctx, graph);
  guard.watch(true);
  std::vector<Secret<Real>> inputs;
  for (ValueId id : graph.inputs) {
    Shape shape = graph.values[id].shape;
    require(!shape.empty(), "the input '{}' has no axis for a batch", graph.values[id].name);
    shape[0] = batch;
    inputs.push_back(fn::expect(ctx, fn::input(ctx, party_id(0), nullptr, shape), input_low, input_high));
  }
  Tape tape;
  forward(ctx, graph, parameters, inputs, &tape);
  std::vector<LayerRange> out;
  for (const Node& node : graph.nodes) {
    LayerRange line{node.name, std::string(node.op->name), 0, 0, kTruncates, 0};
    const fn::KnownRange range = fn::known_range(ctx, tape.values[node.output]->as_secret(ctx));
    line.low = range.low;
    line.high = range.high;
    const auto widest = guard.widest().find(node.name);
    if (widest != guard.widest().end()) line.spare_bits = kTruncates - static_cast<int>(widest->second);
    line.digits = digits_of(line.low, line.high, frac);
    out.push_back(std::move(line));
  }
  guard.settle_checks(false);
  guard.watch(false);
  return out;
}

}  // namespace tacit::nn
