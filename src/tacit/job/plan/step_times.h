// How long steps of a training take to compute: a few are run, by all parties as threads of this process, on
// rows of zeros, which take the time of any others.
#pragma once

#include <map>
#include <string>

#include "tacit/job/job.h"

namespace tacit::planning {

/// Without scopes, computing is taken to need no time.
struct StepTimes {
  std::size_t rows = 1;   ///< of the step
  unsigned threads = 1;   ///< that each party computed with
  double processors = 1;  ///< that all parties shared
  /// Seconds of one step by its phases and layers, such as "forward/dense1"; what it waited for messages is
  /// taken off. Of parties that compute at the same time, with that many threads each.
  std::map<std::string, double> scopes;
};

/// Bytes of memory that measuring takes at the least: that of all parties, on few rows.
std::uint64_t memory_to_measure(const Job& job, const nn::Graph& graph);

/// Runs steps of as many rows as take about `budget` seconds, at most of the job's batch; after a first one,
/// which is not counted. UsageError if model, data and training do not fit together.
StepTimes measure_steps(const Job& job, const nn::Graph& graph, double budget);

}  // namespace tacit::planning
