// How far fixed-point scores can be from those of exact arithmetic on the same parameters.
#pragma once

#include "tacit/nn/graph/graph.h"

namespace tacit::nn {

/// A bound on |fixed - exact| for each output, given inputs rounded to `frac` fractional bits and one
/// rounding of less than a unit in the last place an operation. Nothing if the graph has an operator for
/// which no bound is known.
std::optional<double> score_bound(const Graph& graph, const std::vector<PublicTensor>& parameters,
                                  unsigned frac);

}  // namespace tacit::nn
