// For tests: a report in which everything is filled in, of a run that never was.
#pragma once

#include "tacit/job/report.h"

namespace tacit::testing {

RunReport sample_report();
/// The same with all that stands in a report only now and then.
RunReport full_report();
/// Bytes, with overhead and messages in some proportion to them and to the rounds.
Cost sample_cost(std::uint64_t bytes, std::uint64_t rounds, double seconds);

}  // namespace tacit::testing
