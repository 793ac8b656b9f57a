// Cutting a segment out of a model, for level 3: a run of nodes, one after the other, with one value in and
// one value out, whose weights are nobody else's. What lies before and after it stays with the device, as
// networks of their own.
#pragma once

#include <optional>

#include "tacit/nn/graph/graph.h"

namespace tacit::sealed {

/// Of a graph's nodes, both ends included, from 0.
struct NodeRange {
  std::size_t first = 0, last = 0;
  bool operator==(const NodeRange&) const = default;
};
/// "3", "3-5", "conv2" or "conv2..fc1": nodes by their places, from 1, or by their names. UsageError, with
/// the nearest name, for what is none.
NodeRange parse_range(const nn::Graph& graph, std::string_view text);
/// A line a node, for people to choose from: place, operator, name, shape of the result, numbers that it
/// takes of the model.
std::string table_of_nodes(const nn::Graph& graph);

struct CutModel {
  std::optional<nn::Graph> before, after;  ///< none where nothing is left to be done
  nn::Graph segment;
};
/// UsageError, naming values or nodes: unless one value goes in, one comes out, none passes by, and no weight
/// of the segment is one of another node's, too.
CutModel cut_segment(const nn::Graph& graph, const NodeRange& range);

}  // namespace tacit::sealed
