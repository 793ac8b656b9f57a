// A whole training without its numbers: what one party sends in it, and in how many rounds, by phase and
// layer, before any data move. The training itself runs, on an engine that only counts
// (mpc/generic/dry_engine.h): the same graph, trainer, overflow guard, score and releases as in a run, around
// which the messages that parties and owners exchange about the run itself are counted as run_party.cc sends
// them. Of steps that cost the same, one is run.
#pragma once

#include <map>

#include "tacit/job/job.h"
#include "tacit/net/meter.h"

namespace tacit::planning {

/// Rows that each owner of data brings, in the order of Job::data.owners.
using Rows = std::vector<std::uint64_t>;

/// Rows to train and to measure on, of all owners. UsageError if some number of rows cannot be.
struct Split {
  std::uint64_t train = 0, test = 0;
};
Split split_of(const Job& job, const Rows& rows);

/// Payload and rounds are those that the party's meter will count; the rest of each Cost stays 0.
struct DryRun {
  Cost total;
  std::map<std::string, Cost> scopes;  ///< the same paths as in a report
  std::uint64_t steps = 0;             ///< of training
};

/// A training from its beginning, in which all owners who bring or receive something stay to its end.
/// UsageError for what would end such a run, such as a guard that has too few permits.
DryRun dry_run(const Job& job, const nn::Graph& graph, const Rows& rows, PartyId self);

/// Whether a dry run takes about as long as a few steps: with the guard on, what a step costs follows from
/// what is known of the weights, and may be another amount each time.
bool is_quick(const Job& job, const nn::Graph& graph, const Rows& rows);

}  // namespace tacit::planning
