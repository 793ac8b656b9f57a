// What was predicted before the run, beside what was measured.
#pragma once

#include "tacit/job/report.h"

namespace tacit::html {

/// Nothing if the report holds no plan.
std::string plan_section(const RunReport& report);

}  // namespace tacit::html
