// What the run was to cost, beside what it did.
#pragma once

#include "tacit/job/report.h"

namespace tacit::html {

/// Empty if the run was not planned.
std::string plan_section(const RunReport& report);

}  // namespace tacit::html
