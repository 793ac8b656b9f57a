// The numbers of one step of a training, in one order for all engines: what whoever compares two runs of the
// same steps lays side by side (compare.h).
#pragma once

#include <functional>

#include "tacit/nn/train/trainer.h"

namespace tacit {

/// Features, targets, the secret result of every node, and the gradient of the network's outputs.
std::vector<const Secret<Real>*> numbers_before_gradients(const nn::Graph& graph,
                                                          const nn::ForwardInfo& info);
/// Parameters in the graph's order, and then what the optimiser keeps.
std::vector<const Secret<Real>*> numbers_after(const nn::TrainState& state);

/// One party's own shares of all these numbers, in this order. By themselves they say nothing.
struct StepShares {
  std::size_t step = 0;
  std::vector<std::vector<RingTensor>> numbers;  ///< of each its parts, as fn::stored gives them
};

/// Takes the shares of a simulated run's steps, where one process has those of all parties. Called by the
/// parties' own threads.
struct StepTap {
  std::function<bool(std::size_t step)> wants;
  std::function<void(PartyId party, StepShares shares)> take;
};

}  // namespace tacit
