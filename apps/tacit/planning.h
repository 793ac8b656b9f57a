// Planning a job from the command line: how many rows there are, and where it is to run.
#pragma once

#include "place.h"
#include "tacit/job/plan/job_plan.h"

namespace tacit::app {

/// Rows that owners bring, by their files: OWNER=FILE for each. UsageError for an owner that is missing.
planning::Rows rows_in(const Job& job, const std::vector<std::string>& data,
                       const std::vector<std::string>& labels);

/// Where it is to run: on this machine, or on one each over a link of this kind, if it is not empty. With
/// `cores` that many processors are shared whatever the link. What messages take within this machine is
/// measured.
planning::Conditions conditions_of(const Job& job, const std::string& link, unsigned cores);

struct Planned {
  planning::StepTimes times;
  planning::JobPlan plan;
};
/// The plan of a training on this machine's processors: measures steps of it for about two seconds.
Planned planning_of(const Job& job, const std::vector<std::string>& data,
                    const std::vector<std::string>& labels, const std::string& link, unsigned cores);

/// About how long steps are measured.
constexpr double kMeasureSeconds = 2;

}  // namespace tacit::app
