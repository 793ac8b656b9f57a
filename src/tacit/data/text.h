// Small text tools of the readers: numbers, and quoting in messages.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tacit {

/// The number that the whole text spells in decimal ("-2", "+0.5", "1e-3"; also "nan" and "inf", which the
/// caller refuses); nothing when it spells none or one beyond the range of doubles.
std::optional<double> parse_number(std::string_view text);
/// The shortest decimal text that reads back as the same number; zero has no sign.
std::string number_text(double value);
/// In double quotes, with \" \\ \n \r \t and \xNN for other control characters: one line, and injective.
std::string in_quotes(std::string_view text);
/// The same for a message: cut after 60 characters.
std::string shown(std::string_view cell);

}  // namespace tacit
