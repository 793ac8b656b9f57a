// What steps of split inference take on this machine: each is done a few times, in a second altogether.
// Seconds are those of a thread's own work, so that what else runs here does not count.
#pragma once

#include "tacit/split/seco/cost.h"

namespace tacit::seco {

/// For as many servers, and with the parameters, as `sizes` has.
UnitCosts measure_units(const NetworkSizes& sizes, ot::Source source);

/// A user's work for one question.
double measure_user(const Face& face, std::size_t servers);

}  // namespace tacit::seco
