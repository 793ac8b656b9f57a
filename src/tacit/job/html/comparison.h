// A simulated run beside double precision: whether something diverged, where, and why.
#pragma once

#include "tacit/job/report.h"

namespace tacit::html {

/// Nothing if the run was not compared.
std::string comparison_section(const RunReport& report);

}  // namespace tacit::html
