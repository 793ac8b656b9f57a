// A network that answers in the clear, in float32 as a customer's runtime does: what is measured on a model
// before and after its weights were moved, and what a thief's imitation is.
#pragma once

#include "tacit/runtime/rows.h"

namespace tacit::trace {

class PlainModel {
 public:
  /// UsageError unless it has one input and one output. `threads`: 0 for all processors.
  PlainModel(nn::Graph graph, unsigned threads) : rows_(std::move(graph), "the model", threads) {}

  /// Of one example, without the axis that counts them.
  const Shape& example() const { return rows_.example(); }
  /// The output for examples [rows, ...], of shape [rows, ...]. UsageError for any other shapes.
  PublicTensor run(const PublicTensor& examples) const { return rows_.run(examples); }

 private:
  runtime::Rows rows_;
};

/// Examples that nobody chose: independent normal numbers, the same for the same seed.
PublicTensor random_examples(const Shape& example, std::size_t rows, std::uint64_t seed);

}  // namespace tacit::trace
