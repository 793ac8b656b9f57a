// What each phase of a run cost, from what the meter booked under nested names.
#pragma once

#include <map>
#include <string>

#include "tacit/net/meter.h"

namespace tacit {

/// Costs by phase, which add up: training by its passes ("train/forward"), every other phase as a whole. What
/// is going on counts as far as its parts have ended.
std::map<std::string, Cost> costs_by_phase(const std::map<std::string, Cost>& scopes);

}  // namespace tacit
