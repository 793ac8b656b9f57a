// What to use instead of operators that tacit does not have, and what that costs in a run.
#pragma once

#include <map>
#include <span>
#include <string>

#include "tacit/nn/graph/node_costs.h"

namespace tacit::nn::onnx_io {

struct Suggestion {
  std::string words;              ///< "use HardSwish"
  std::string price;              ///< in words; never empty
  std::optional<NodeCost> costs;  ///< for one example, where they can be counted
};

/// `op` is the operator's name, with its domain if that is not ONNX's own; `input` the shape of its first
/// input for one example, if it is known.
Suggestion suggestion_for(const std::string& op, const std::optional<Shape>& input);

/// The sentence on all operators that tacit does not have, with what to use instead.
std::string unsupported_operators(const std::string& model, const std::map<std::string, std::size_t>& counts);

/// The operators for which there is more to say than the nearest name.
std::vector<std::string_view> operators_with_substitutes();

}  // namespace tacit::nn::onnx_io
