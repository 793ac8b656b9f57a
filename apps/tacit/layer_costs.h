// What each layer of a model costs when it is kept back and answered for by two parties.
#pragma once

#include <string>
#include <vector>

#include "tacit/audit/segment.h"

namespace tacit::app {

struct LayerCosts {
  std::string unit;
  std::vector<double> each;
};
/// Bytes that the protocol of 'tacit split --remotes 0' sends online for an answer, as 'tacit plan' counts
/// them, by the layer to which a stage belongs; where the model cannot be split, multiplications and
/// additions.
LayerCosts layer_costs(const nn::Graph& graph, const std::vector<audit::WeightedLayer>& layers);

}  // namespace tacit::app
