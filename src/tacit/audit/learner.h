// A network in the clear, in double precision, that learns from questions and answers: what every imitation
// that is trained rests on.
#pragma once

#include <memory>

#include "tacit/nn/graph/graph.h"

namespace tacit::audit {

struct LearnSettings {
  std::size_t epochs = 60;
  /// With few answers there are more epochs, until there are so many steps.
  std::size_t least_steps = 0;
  double rate = 0.003;     ///< of learning, at the beginning
  std::uint64_t seed = 1;  ///< of the order of examples
};

class Learner {
 public:
  /// Of one input and one output, which count examples along the first axis. `threads`: 0 for all processors.
  Learner(nn::Graph graph, unsigned threads);
  ~Learner();

  /// Least squares by Adam, over all parameters that gradients train (state stays as it is, but for what
  /// operators say). `y` has the shape of the network's results. UsageError where an operator has no
  /// gradient.
  void learn(const PublicTensor& x, const PublicTensor& y, const LearnSettings& settings);
  /// Results for examples [rows, ...].
  PublicTensor run(const PublicTensor& x);
  /// The network with what it has learnt for initial numbers.
  nn::Graph learnt() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Some rows of a tensor, in that order.
PublicTensor some_rows(const PublicTensor& from, std::span<const std::size_t> rows);

}  // namespace tacit::audit
