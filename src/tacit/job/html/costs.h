// What a run cost: traffic, rounds and time, by phase, by layer and by party, from the parties' own meters.
#pragma once

#include "tacit/job/report.h"

namespace tacit::html {

/// Empty if no party counted anything by name.
std::string costs_section(const RunReport& report);
/// Empty without parties.
std::string parties_section(const RunReport& report);

}  // namespace tacit::html
