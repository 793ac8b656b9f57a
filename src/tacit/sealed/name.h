// Names that people read to decide something: of vendors, devices and models.
#pragma once

#include <string>
#include <string_view>

namespace tacit::sealed {

constexpr std::size_t kLongestName = 80;

/// UTF-8 of 1 to 80 bytes that shows as it is: no control characters, none that turn the direction of text,
/// and no blank at either end.
bool is_name(std::string_view text);
/// UsageError, calling it `what`, unless it is one.
void check_name(std::string_view text, std::string_view what);

}  // namespace tacit::sealed
