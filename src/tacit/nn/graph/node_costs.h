// What each node of a graph costs in inference, as the protocol declares it: without data, peers or weights.
#pragma once

#include <string>
#include <vector>

#include "tacit/nn/graph/graph.h"

namespace tacit::nn {

struct NodeCost {
  std::uint64_t bytes = 0;   ///< sent by all parties together
  std::uint64_t rounds = 0;  ///< of the party that takes most
  std::string problem;       ///< in words, if the node cannot be run on secrets; the rest is 0 then
};

/// One entry a node, for a batch as large as the graph's inputs say (one, if it was imported with an open
/// batch) and 16 fractional bits, at three parties on a local network. Nothing if the graph is so large that
/// counting would take too much memory.
std::optional<std::vector<NodeCost>> node_costs(const Graph&);

/// "3 rounds and 1.2 kB"
std::string in_words(const NodeCost&);

}  // namespace tacit::nn
