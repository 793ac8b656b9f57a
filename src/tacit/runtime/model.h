// A network that answers in float32, on the processor: made once of a graph, then run by any number of
// threads at a time. Its weights are packed for the kernels once; all that it allocates for numbers, weights
// and what lies between two layers included, is taken of the memory that it is given, and zeroed before it
// goes.
#pragma once

#include "tacit/nn/graph/graph.h"
#include "tacit/runtime/plan.h"

namespace tacit::runtime {

/// Row-major, the last axis fastest.
struct FloatTensor {
  Shape shape;
  std::vector<float> values;
};

class Model {
 public:
  /// UsageError if the graph has an operator, or a use of one, that cannot be run. `memory` and `workers`
  /// must outlive it; the graph's own numbers are zeroed. Runs on several threads at a time take turns in
  /// `workers`.
  Model(nn::Graph graph, Memory& memory, Workers& workers, Isa isa = detect_isa());
  ~Model();

  /// Of an example each, as the graph has them.
  const std::vector<Shape>& inputs() const;
  /// What running it with inputs of these shapes takes. UsageError if they do not fit the network.
  std::shared_ptr<const Plan> plan(const std::vector<Shape>& inputs) const;
  /// `in` and `out`: of the plan's shapes. Results are finite where the network's are: numbers that leave the
  /// range of float32 become infinite.
  void run(const Plan& plan, std::span<const float* const> in, std::span<float* const> out) const;
  /// The same of tensors.
  std::vector<FloatTensor> run(std::span<const FloatTensor> inputs) const;
  /// Numbers of the memory that weights take, packed or not.
  std::size_t weight_numbers() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tacit::runtime
