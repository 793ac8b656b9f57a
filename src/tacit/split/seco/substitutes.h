// Layers that could be others: the same network with cheaper ones in their place, to be trained again.
#pragma once

#include "tacit/split/seco/network.h"

namespace tacit::seco {

struct Substitute {
  std::string from, to;
  Model model;  ///< with all of them replaced, and the weights that it had
};

/// One for each kind of layer that the graph has and that could be another. Whether that is cheaper, is for
/// the caller to find out (cost.h). What could not be split then is left out.
std::vector<Substitute> substitutes(const nn::Graph& graph, const Numbers& numbers);

}  // namespace tacit::seco
