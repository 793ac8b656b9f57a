// Those parts of a report's JSON that stand there only if there is something to say.
#pragma once

#include "tacit/job/report.h"

namespace tacit::report_parts {

void add_more(nlohmann::json& to, const RunReport& report);
/// What is not there is left as it is. nlohmann's errors, or UsageError, for what is there and of another
/// form.
void take_more(RunReport& report, const nlohmann::json& from);

}  // namespace tacit::report_parts
