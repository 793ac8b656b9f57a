// The overflow guard: how much it checked, and what guarded batches cost beside others.
#pragma once

#include "tacit/job/report.h"

namespace tacit::html {

/// Nothing if the job had no guard.
std::string guard_section(const RunReport& report);

}  // namespace tacit::html
