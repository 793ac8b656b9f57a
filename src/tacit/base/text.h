// Small helps with words for messages.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tacit {

/// Lower case of ASCII letters.
std::string lowered(std::string_view text);
/// Insertions, deletions and replacements that turn one word into the other.
std::size_t edit_distance(std::string_view a, std::string_view b);
/// The closest of some words, letter case aside; empty if there are none.
std::string nearest(std::string_view word, std::span<const std::string_view> words);
std::string nearest(std::string_view word, std::span<const std::string> words);
/// For a terminal, with \xNN for control characters: what a peer says must not move the cursor.
std::string one_line(std::string_view text);
/// "1.2 MB", "870 B"
std::string human_bytes(double bytes);
/// "1 h 04 min", "35 s", "12 ms"
std::string human_seconds(double seconds);

}  // namespace tacit
