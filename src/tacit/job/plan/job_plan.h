// What a training will cost, before any data move: payload and rounds exactly (dry_run.h), and estimates of
// seconds, memory and disk, by party, phase and layer. docs/plan.md says what the estimates hold and what
// not.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "tacit/job/plan/dry_run.h"
#include "tacit/job/plan/step_times.h"
#include "tacit/job/report.h"
#include "tacit/net/wrap/shape.h"

namespace tacit::planning {

/// Where a job is to run.
struct Conditions {
  LinkShape link;           ///< what a message takes from one process to another
  bool shared = true;       ///< all parties on one machine; else each has one
  unsigned processors = 1;  ///< of the one machine, or of each
  /// Bytes that are free, of the one machine or of each; 0: not known, and then nothing is said of it.
  std::uint64_t memory = 0, disk = 0;
};

struct PartyPlan {
  /// Of `total` and `scopes` payload, rounds and seconds; the rest is 0. `memory_bytes` is an estimate.
  PartyStats stats;
  std::uint64_t disk_bytes = 0;  ///< the most at a time
};

/// Over parties: bytes add up, while rounds and seconds pass for all at once.
struct LayerPlan {
  std::string name, op;           ///< of a node of the graph; "loss" has no operator
  Cost forward, backward, other;  ///< in training, and in measuring
  Cost all() const;
};

struct JobPlan {
  Rows rows;
  Split split;
  std::uint64_t steps = 0;
  std::size_t parameters = 0;
  std::vector<PartyPlan> parties;
  std::vector<LayerPlan> layers;  ///< in the order of the graph, and the loss
  Conditions conditions;

  double seconds() const;        ///< the slowest party's
  std::uint64_t bytes() const;   ///< sent by all parties
  std::uint64_t rounds() const;  ///< most of any party
  std::uint64_t memory() const;  ///< most of any party
  /// Places in `layers`, those that take the most time first.
  std::vector<std::size_t> dearest() const;
};

/// `times` are those of the same job and graph.
JobPlan plan_job(const Job& job, const nn::Graph& graph, const Rows& rows, const StepTimes& times,
                 const Conditions& conditions);

/// Puts the plan into the report of a run: the one with its estimates, if it was planned before; else payload
/// and rounds alone, planned now from the rows that owners brought. Nothing for a run that was broken off and
/// resumed, which a plan does not describe, nor where planning would take long.
void put_plan_beside(RunReport& report, const Job& job, const JobPlan* planned_before = nullptr);

/// What is not there as far as estimates can tell, a sentence each with what helps; empty if all fits.
std::vector<std::string> misfits(const Job& job, const JobPlan& plan);

nlohmann::json to_json(const Job& job, const JobPlan& plan);

}  // namespace tacit::planning
