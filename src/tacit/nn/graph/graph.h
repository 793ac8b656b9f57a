// A network as plain data: values (inputs, parameters, constants, results) and nodes in the order in which they
// run. No secrets are in it; parameters carry initial numbers that all parties know.
#pragma once

#include <string>

#include "tacit/nn/ops/op.h"

namespace tacit::nn {

using ValueId = std::size_t;
constexpr ValueId kNoValue = ~ValueId{0};

struct ValueInfo {
  enum class Kind { Input, Parameter, Constant, Result };
  Kind kind = Kind::Result;
  std::string name;
  Shape shape;          ///< inputs and results: of a batch of one example
  PublicTensor initial; ///< parameters and constants
};

struct Node {
  const Op* op;
  std::string name;
  std::vector<ValueId> inputs;  ///< kNoValue where an optional input is absent
  ValueId output;
  Attrs attrs;
};

struct Graph {
  std::vector<ValueInfo> values;
  std::vector<Node> nodes;
  std::vector<ValueId> inputs, outputs;

  ValueId add_input(std::string name, Shape example);
  ValueId add_parameter(std::string name, PublicTensor initial);
  ValueId add_constant(std::string name, PublicTensor value);
  /// Appends a node and infers its result's shape; UsageError, naming the node, if the inputs do not fit.
  ValueId add_node(const Op& op, std::string name, std::vector<ValueId> inputs, Attrs attrs = {});

  std::vector<ValueId> parameters() const;
  /// Numbers in all parameters.
  std::size_t parameter_count() const;
};

}  // namespace tacit::nn
