// How large numbers can become in each layer, from the declared range of the inputs and the weights that a
// model begins with: what the overflow guard knows before it checks anything, without data or peers.
#pragma once

#include <string>
#include <vector>

#include "tacit/nn/graph/graph.h"

namespace tacit::nn {

struct LayerRange {
  std::string name, op;
  /// Of the layer's result, for all inputs in their range, if nothing wraps on the way.
  double low = 0, high = 0;
  /// Bits that the largest exact number within the layer could still grow by before it cannot be truncated.
  /// Negative: it may wrap, as far as intervals can tell.
  int spare_bits = 0;
  /// Significant binary digits of the largest result.
  unsigned digits = 0;
};

/// One line a node in the order in which they run, for a batch of so many examples in training. Numbers have
/// `frac` fractional bits; inputs lie in [input_low, input_high]. Intervals know nothing of how numbers
/// depend on one another, so that the true range may be much smaller, never larger.
std::vector<LayerRange> range_analysis(const Graph&, double input_low, double input_high, std::size_t batch,
                                       unsigned frac);

}  // namespace tacit::nn
