// What an import notes of each node of a file, and the table that is made of it.
#pragma once

#include "tacit/nn/graph/onnx_check.h"

namespace tacit::nn::onnx_io {

/// What became of a node of the file.
struct ReadNode {
  std::string op;
  std::size_t begin, end;      ///< the nodes of the graph that it came to
  bool missing;                ///< tacit has no such operator
  bool refused;                ///< ... or does not do what this node asks for
  bool unreached;              ///< one before it was missing or refused
  std::optional<Shape> input;  ///< of its first input
};
/// Why a node was refused.
struct Problem {
  std::size_t node;  ///< which of those that were read
  std::string message;
};

/// A line an operator, with the costs of what its nodes came to, and for an operator that is missing what to
/// use instead.
std::vector<OperatorLine> lines_of(const Graph& graph, const std::vector<ReadNode>& nodes,
                                   const std::vector<Problem>& problems);

}  // namespace tacit::nn::onnx_io
