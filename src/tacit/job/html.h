// The report as one page to read: self-contained HTML with inline styles and drawings, no scripts and nothing
// to fetch, light and dark, to print. Every text of the report is escaped: names come from other people's
// files.
#pragma once

#include "tacit/job/report.h"

namespace tacit {

std::string html_of(const RunReport& report);

}  // namespace tacit
