// A graph as what a run works off: its nodes, some of which do what the nodes after them say, too. A bias
// that follows on a matrix product, and a Relu or Clip on any product or sum, happen before the result is
// stored.
#pragma once

#include <limits>
#include <memory>

#include "tacit/nn/graph/graph.h"
#include "tacit/runtime/step.h"

namespace tacit::runtime {

/// The numbers of a model, as floats.
struct Weights {
  /// Of a value; null if none are needed.
  const float* at(nn::ValueId id) const {
    return numbers[id].data() != nullptr ? numbers[id].data() : given[id];
  }

  std::vector<Buffer> numbers;                ///< a value of the graph; empty where none are needed
  std::vector<const float*> given;            ///< the same, while they lie where they came from
  std::vector<std::unique_ptr<Packs>> packs;  ///< an item
};

/// Nodes that take nothing but the model's own numbers, such as weights that are transposed, are computed now
/// and leave the graph: their results are the model's own, too.
void compute_own(nn::Graph& graph, Weights& weights, const FloatKernels& kernels, Memory& memory,
                 Workers& workers);

struct Item {
  const nn::Node* node;             ///< the first of those that it stands for
  std::vector<nn::ValueId> inputs;  ///< of all of them
  nn::ValueId output;               ///< of the last
  bool added = false;               ///< the last input is a bias, one number a column
  bool clamped = false;
  float low = -std::numeric_limits<float>::infinity(), high = std::numeric_limits<float>::infinity();
};

/// In the order of the graph's nodes, of which it must outlive them. UsageError, naming it, for an operator
/// that no step is made for.
std::vector<Item> items_of(const nn::Graph& graph);

}  // namespace tacit::runtime
