#include "layer_costs.h"

#include <algorithm>
#include <optional>

#include "tacit/base/error.h"
#include "tacit/serve/plan.h"
#include "tacit/split/seco/parts.h"

namespace tacit::app {

namespace {

/// The layer whose node, or what follows it, is called so; the first, where that stands before all layers.
std::optional<std::size_t> layer_called(const std::string& name, const nn::Graph& graph,
                                        const std::vector<audit::WeightedLayer>& layers) {
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    if (graph.nodes[n].name != name) continue;
    std::size_t at = 0;
    while (at + 1 < layers.size() && layers[at + 1].node <= n) ++at;
    return at;
  }
  return std::nullopt;
}

std::optional<std::vector<double>> planned_bytes(const nn::Graph& graph,
                                                 const std::vector<audit::WeightedLayer>& layers) {
  try {
    const seco::Model model = seco::split_model(graph, {});
    seco::check(model.network);
    const PlanSettings settings{.remotes = 0};
    const seco::NetworkSizes sizes(model.network, split_names(settings.remotes).size());
    // Bytes alone: no step is measured.
    const CutEstimate cut =
        plan_cut(sizes, settings, {}, seco::layers_of(model.network), seco::ActivationBy::Gmw);
    std::vector<double> out(layers.size());
    for (const StageEstimate& s : cut.stages) {
      const auto layer = layer_called(s.name, graph, layers);
      if (!layer) return std::nullopt;
      out[*layer] += static_cast<double>(s.online_bytes);
    }
    return out;
  } catch (const UsageError&) { return std::nullopt; }
}

}  // namespace

LayerCosts layer_costs(const nn::Graph& graph, const std::vector<audit::WeightedLayer>& layers) {
  if (auto each = planned_bytes(graph, layers)) return {"bytes sent online", std::move(*each)};
  LayerCosts out{"multiplications", {}};
  for (const audit::WeightedLayer& l : layers) out.each.push_back(static_cast<double>(l.multiply_adds));
  return out;
}

}  // namespace tacit::app
