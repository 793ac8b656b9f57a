// A network as plain data: values (inputs, parameters, constants, results) and nodes in the order in which
// they run. No secrets are in it; parameters carry initial numbers that all parties know. State, such as
// running means, is kept and handed on with the parameters, but changes by what operators say and not by
// gradients.
#pragma once

#include <string>

#include "tacit/nn/ops/op.h"

namespace tacit::nn {

using ValueId = std::size_t;
constexpr ValueId kNoValue = ~ValueId{0};

struct ValueInfo {
  enum class Kind { Input, Parameter, State, Constant, Result };
  Kind kind = Kind::Result;
  std::string name;
  Shape shape;           ///< inputs and results: of a batch of one example
  PublicTensor initial;  ///< parameters, state and constants
  /// Instead of initial's numbers, where an import was asked to keep what its file has in float32.
  std::vector<float> floats = {};
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
  /// Parameters that the operator takes as state become state.
  ValueId add_node(const Op& op, std::string name, std::vector<ValueId> inputs, Attrs attrs = {});

  /// Parameters and state: all that makes the model what it is.
  std::vector<ValueId> parameters() const;
  /// The parameters that gradients train.
  std::vector<ValueId> trained() const;
  /// Numbers in all parameters and state.
  std::size_t parameter_count() const;
};

}  // namespace tacit::nn
