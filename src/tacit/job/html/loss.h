// The loss over the steps of training, private and in the clear: a drawing with axes, and its numbers as a
// table.
#pragma once

#include "tacit/job/report.h"

namespace tacit::html {

/// Empty if no loss is known.
std::string loss_section(const RunReport& report);

}  // namespace tacit::html
