// The fault log of a run: sessions that broke off, and from where it went on.
#pragma once

#include "tacit/job/report.h"

namespace tacit::html {

/// Nothing if it never broke, as far as the report's writer knows.
std::string breaks_section(const RunReport& report);

}  // namespace tacit::html
