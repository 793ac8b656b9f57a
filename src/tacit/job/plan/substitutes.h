// What would be cheaper: for each of the dearest layers of a job another one that does a like thing, and for
// the job another batch or profile. General rules by kind of layer; what they save is known by planning the
// job that has them, not by rule.
#pragma once

#include <functional>

#include "tacit/job/plan/job_plan.h"

namespace tacit::planning {

/// A job that differs in one thing, and its graph.
struct Variant {
  std::string layer;     ///< the layer of the plan that it makes cheaper; empty: the job as a whole
  std::string from, to;  ///< what it changes: "max_pool1 (max_pool)" -> "average_pool"
  Job job;
  nn::Graph graph;
};

/// Variants of a job in which the layer that a node belongs to costs less, if a rule knows some; those that
/// do not make a model are left out. The model is to be trained again in each of them.
std::vector<Variant> variants_of(const Job& job, const nn::Graph& graph, const std::string& node);

struct Saving {
  std::string layer, from, to;
  double seconds_before = 0, seconds_after = 0;  ///< of the whole run, estimates
  std::uint64_t bytes_before = 0, bytes_after = 0, rounds_before = 0, rounds_after = 0;
};

/// How long steps of a job and its graph take.
using TimeSteps = std::function<StepTimes(const Job&, const nn::Graph&)>;

/// For each of the `most` dearest layers (but the loss) the variant that saves most time, if one sends fewer
/// bytes and takes no longer; and after them what helps the whole job. `plan` is that of the job.
std::vector<Saving> cheaper(const Job& job, const nn::Graph& graph, const JobPlan& plan,
                            const StepTimes& times, const TimeSteps& time_steps, std::size_t most = 3);

nlohmann::json to_json(const Saving& saving);
/// One sentence, without a full stop.
std::string words(const Saving& saving);

}  // namespace tacit::planning
