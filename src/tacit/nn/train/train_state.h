// Where a training stands between two steps: all that a later step depends on, besides the examples and the
// settings. The order of examples, public draws and the learning rate follow from the number of the step.
#pragma once

#include "tacit/base/byte_stream.h"
#include "tacit/nn/train/optimiser.h"

namespace tacit::nn {

struct TrainSettings {
  std::size_t epochs = 5, batch = 128;
  std::uint64_t seed = 1;  ///< of the shuffle: public, and of nothing else
  std::string loss = "softmax_cross_entropy";
  OptimiserSettings optimiser = {};
  /// Every so many batches are guarded against overflow, the first among them; 0: none. For who runs it: the
  /// trainer has hooks.
  std::size_t guard_every = 0;
  bool guards(std::size_t batch_number) const { return guard_every != 0 && batch_number % guard_every == 0; }
};

struct TrainState {
  std::uint64_t step = 0;  ///< steps that are done
  Parameters parameters;   ///< and the network's own state, in the order of Graph::parameters()
  std::unique_ptr<Optimiser> optimiser;
};
TrainState initial_state(Ctx&, const Graph&, const TrainSettings&);

/// This party's shares of it, bit for bit, to go on from in a later session of the same protocol. By
/// themselves they say nothing of the secrets.
void save(Ctx&, const TrainState&, ByteWriter& to);
/// The reverse; UsageError for what does not fit the graph and the settings.
TrainState load_train_state(Ctx&, const Graph&, const TrainSettings&, ByteReader& from);

}  // namespace tacit::nn
