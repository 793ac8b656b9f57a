#include "tacit/nn/graph/node_costs.h"

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/mpc/cost.h"
#include "tacit/mpc/table.h"

namespace tacit::nn {

namespace {

constexpr unsigned kFractionBits = 16;
// Places that operators compute take memory, though shares do not.
constexpr std::size_t kMostAtOnce = std::size_t{1} << 24, kMostNumbers = std::size_t{1} << 28;

bool countable(const Graph& graph) {
  std::size_t numbers = 0;
  for (const ValueInfo& v : graph.values) {
    // Of weights no places are computed.
    const std::size_t n = v.kind == ValueInfo::Kind::Parameter ? 0 : elements(v.shape);
    if (n > kMostAtOnce || (numbers += n) > kMostNumbers) return false;
  }
  return true;
}

void count_party(const Graph& graph, const ProtocolInfo& protocol, std::size_t party,
                 std::vector<NodeCost>& costs) {
  const Profile& profile = profile_named("lan");
  Workers workers(1);
  DryEngine engine(protocol.costs(profile), party_id(party), Compute{ring_kernels(detect_isa()), workers});
  Ctx ctx{engine, kFractionBits};
  const auto unknown = [&](const Shape& shape) { return Value(fn::input(ctx, party_id(0), nullptr, shape)); };
  std::vector<std::optional<Value>> values(graph.values.size());
  for (ValueId id = 0; id < values.size(); ++id) {
    const ValueInfo& v = graph.values[id];
    if (v.kind == ValueInfo::Kind::Constant)
      values[id] = Value(v.initial);
    else if (v.kind != ValueInfo::Kind::Result)
      values[id] = unknown(v.shape);
  }
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    std::vector<const Value*> in;
    for (ValueId id : node.inputs) in.push_back(id == kNoValue ? nullptr : &*values[id]);
    const Cost before = engine.meter().total();
    try {
      values[node.output] = node.op->forward(ctx, {in, node.attrs, 0}, nullptr);
    } catch (const UsageError& e) {
      costs[n].problem = fmt::format("'{}' ({}): {}", node.name, node.op->name, e.what());
      values[node.output] = unknown(graph.values[node.output].shape);
      continue;
    }
    const Cost after = engine.meter().total();
    costs[n].bytes += after.payload - before.payload;
    costs[n].rounds = std::max(costs[n].rounds, after.rounds - before.rounds);
  }
}

}  // namespace

std::optional<std::vector<NodeCost>> node_costs(const Graph& graph) {
  if (!countable(graph)) return std::nullopt;
  const ProtocolInfo& protocol = all_protocols().front();
  std::vector<NodeCost> costs(graph.nodes.size());
  for (std::size_t party = 0; party < protocol.parties; ++party) count_party(graph, protocol, party, costs);
  return costs;
}

std::string in_words(const NodeCost& cost) {
  return fmt::format("{} {} and {}", cost.rounds, cost.rounds == 1 ? "round" : "rounds",
                     human_bytes(static_cast<double>(cost.bytes)));
}

}  // namespace tacit::nn
