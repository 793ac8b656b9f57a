// What a running party tells whoever watches its machine, in the text form that Prometheus reads: traffic,
// rounds, batches, seconds by phase, peers and memory (docs/metrics.md). Nothing that the release policy does
// not let this party see: a loss is there only if the party was told it.
#pragma once

#include <functional>
#include <mutex>

#include "tacit/job/run_party.h"

namespace tacit {

class RunMetrics {
 public:
  RunMetrics(std::string job, std::string party) : job_(std::move(job)), party_(std::move(party)) {}

  /// What the party counts from here on, told by its own thread. A count that begins anew, in a session of
  /// its own, is added to the one before.
  void observe(const PartyStats& counted, const Progress& progress);
  /// What it does while there is nothing to count yet.
  void doing(const std::string& what);
  /// How many parties and owners are connected; asked on any thread whenever text() is.
  struct Peers {
    std::size_t parties = 0, owners = 0;
  };
  void ask_for_peers(std::function<Peers()> peers);

  /// Everything as text, in Prometheus' exposition format 0.0.4. Any thread.
  std::string text() const;

 private:
  const std::string job_, party_;
  mutable std::mutex mutex_;
  std::function<Peers()> peers_;
  PartyStats before_, now_;  ///< of sessions that have ended, and of this one
  std::uint64_t batches_before_ = 0;
  Progress progress_;
};

/// Bytes of memory that this process holds now; 0 if the system does not say.
std::uint64_t resident_memory();

}  // namespace tacit
