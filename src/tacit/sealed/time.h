// Moments as whole seconds since the beginning of 1970, UTC, and how people write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tacit::sealed {

using Seconds = std::int64_t;
/// The end of a model that has none.
constexpr Seconds kNever = INT64_MAX;
/// What moments in files lie between: 1970 and the end of 9999.
constexpr Seconds kLastMoment = 253402300799;

/// The beginning of a day, "2027-01-01", or kNever for "never". UsageError for anything else.
Seconds parse_date(std::string_view text);
/// "2027-01-01 00:00:00 UTC", or "never"
std::string moment_text(Seconds moment);

}  // namespace tacit::sealed
