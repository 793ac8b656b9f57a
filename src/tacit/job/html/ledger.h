// Who learned what: the disclosure ledger, and the same by those who take part.
#pragma once

#include "tacit/job/report.h"

namespace tacit::html {

std::string ledger_section(const RunReport& report);

}  // namespace tacit::html
