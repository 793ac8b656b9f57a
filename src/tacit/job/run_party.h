// One compute party's whole part in a job: begin the session, take in the data, train, measure, release, and
// report.
#pragma once

#include "tacit/base/durable.h"
#include "tacit/job/report.h"
#include "tacit/net/wrap/shape.h"

namespace tacit {
struct StepTap;  // job/step_numbers.h
}

namespace tacit {

/// What is shown while a run goes on.
struct Progress {
  std::string phase;                ///< "waiting for north", "training", ...
  std::size_t done = 0, total = 0;  ///< steps, rows, ...; total 0: not known
  std::optional<double> loss;       ///< the last that the policy let this process see
  std::uint64_t bytes = 0;          ///< sent by this process
};

struct PartyOptions {
  std::filesystem::path state;  ///< where this party keeps its shares; empty: nowhere
  /// Seals the owners' data, in `state`/data, and checkpoints, in `state`/checkpoints; without it there are
  /// no checkpoints, and data lie in memory or under a key that goes with this process.
  const Identity* identity = nullptr;
  bool resume = false;     ///< go on from the last checkpoint that all parties have
  bool keep_data = false;  ///< leave the owners' data in the store when the training ends
  DiskStep before_checkpoint_step = {};
  unsigned threads = 1;
  std::function<void(const Progress&)> progress;
  /// Told, by the party's own thread, what it has counted in this session, whenever there is progress.
  std::function<void(const PartyStats& counted, const Progress&)> observe;
  /// In a simulation: takes this party's shares of every step, to compare the run with another.
  const StepTap* tap = nullptr;
  /// Waits until an owner is connected.
  std::function<void(PartyId)> wait_for_owner;
  /// Among several owners, whom to attend to next: TlsTransport::next_of. Without it they are attended to one
  /// after the other, and none can come back after a break.
  std::function<std::optional<PartyId>(std::span<const PartyId> speaking, std::span<const PartyId> due,
                                       std::chrono::milliseconds time)>
      next_owner;
  /// How often the link to a party was re-established: TlsTransport::mended.
  std::function<std::size_t(PartyId)> mended;
  /// For answering, where one owner must not hold up the next: from now on an owner has a limited time for
  /// all that is waited for; and its connection ends, with the reason told.
  std::function<void(PartyId)> limit_owner;
  std::function<void(PartyId, std::string_view)> drop_owner;
};

/// Runs party `self` of a training job to its end, from its beginning or, with all others, from a checkpoint.
/// The transport reaches all parties and, once waited for, owners. The report holds what this party may know.
RunReport run_party(const Job& job, PartyId self, Transport& wire, const std::string& mode,
                    const PartyOptions& options);

/// How a question went.
struct Answer {
  RunReport report;
  /// If the owner is to blame that it has no answer: one sentence. All parties are ready for the next then.
  std::string dropped;
};
/// Answers one owner's questions with the model that run_party left in `state`. Whatever the owner does ends
/// in Answer::dropped; a party's fault is a PeerError.
Answer answer_predictions(const Job& job, PartyId self, PartyId owner, Transport& wire,
                          const std::string& mode, const PartyOptions& options);

}  // namespace tacit
