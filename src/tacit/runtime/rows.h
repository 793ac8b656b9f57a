// A model of one input and one output whose first axes count examples: rows in, rows out, as many at a time
// as suit the caches.
#pragma once

#include "tacit/runtime/model.h"

namespace tacit::runtime {

class Rows {
 public:
  /// UsageError unless the graph has one input and one output, and can be run. `called` is how messages call
  /// it: "the model 'digits'". `threads`: 0 for all processors.
  Rows(nn::Graph graph, std::string called, unsigned threads);
  ~Rows();

  /// Of one example, without the axis that counts them.
  const Shape& example() const;
  /// The output for examples [rows, ...], of shape [rows, ...]. UsageError for any other shapes. Any threads
  /// may call it at a time.
  PublicTensor run(const PublicTensor& examples) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tacit::runtime
