// What tacit makes of an ONNX file, operator by operator, before anything runs: which ones it has, what they
// cost, and for those it does not have what to use instead and at which price. All of them at once.
#pragma once

#include <filesystem>

#include "tacit/nn/graph/node_costs.h"

namespace tacit::nn {

/// All nodes of the file that are of one operator, and that an output depends on.
struct OperatorLine {
  std::string name;
  std::size_t nodes = 0;
  std::size_t left_out = 0;       ///< that were computed while the file was read, or do nothing
  std::optional<NodeCost> costs;  ///< of all of them for one example; nothing if they could not be counted
  // For those that are not supported:
  std::size_t refused = 0;
  std::vector<std::string> problems;  ///< why, if the operator itself is supported; each once, a few at most
  std::string instead, price;
  std::optional<NodeCost> price_counted;

  bool supported() const { return refused == 0; }
};

struct TensorLine {
  std::string name;
  std::vector<std::int64_t> extents;  ///< -1: the number of examples, which is open
};

struct OnnxCheck {
  std::int64_t ir_version = 0;
  int opset = 0;
  std::string producer;
  std::vector<TensorLine> inputs, outputs;  ///< outputs: only those that could be computed
  std::size_t parameters = 0;               ///< numbers in the weights that nodes read
  std::vector<OperatorLine> operators;      ///< in alphabetical order
  std::string problem;                      ///< of the file as a whole, if its operators are all supported

  bool supported() const;
  /// Of one example; nothing if that could not be counted.
  std::optional<NodeCost> total() const;
};

/// Reads the file as import_onnx does, for an open batch. UsageError if it is missing, damaged or no model,
/// or if its inputs cannot be taken; never for its operators.
OnnxCheck check_onnx(const std::filesystem::path& file);

}  // namespace tacit::nn
