// Whole trainings as the program runs them: three parties and an owner as processes over TLS, with the data
// and checkpoints sealed on the parties' disks.
#pragma once

#include "parties.h"
#include "tacit/job/run_party.h"

namespace tacit::bench {

struct TrainingJob {
  std::string network;  ///< on images of 28x28 that are noise, 128 a batch
  std::size_t batches;
  std::size_t checkpoint_every;
};

/// Looks at one party's training, in its process.
class Watcher {
 public:
  virtual ~Watcher() = default;
  /// Before the first batch, when 0 are done, and after each; a checkpoint that is due comes then.
  virtual void see(std::size_t done, const PartyStats& counted) = 0;
  virtual nlohmann::json told() const = 0;
};
/// `state` is the party's folder.
using MakeWatcher = std::function<std::unique_ptr<Watcher>(const std::filesystem::path& state)>;

/// What the parties' watchers tell at the end. Everything that lay on disk is gone then.
std::vector<nlohmann::json> train_watched(const Context& context, const TrainingJob& training,
                                          const MakeWatcher& make);

}  // namespace tacit::bench
