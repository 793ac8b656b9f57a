#include "tacit/sealed/name.h"

#include <optional>

#include "tacit/base/error.h"
#include "tacit/base/text.h"

namespace tacit::sealed {

namespace {

/// The code point at the front, which is taken off; nothing for bytes that are no UTF-8 (RFC 3629).
std::optional<char32_t> take_point(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t size = first < 0x80                     ? 1
                           : first >= 0xc2 && first <= 0xdf ? 2
                           : first >= 0xe0 && first <= 0xef ? 3
                           : first >= 0xf0 && first <= 0xf4 ? 4
                                                            : 0;
  if (size == 0 || size > text.size()) return std::nullopt;
  char32_t point = size == 1 ? first : first & (0x7fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if (byte(i) >> 6 != 2) return std::nullopt;
    point = point << 6 | (byte(i) & 0x3fu);
  }
  // Longer forms of shorter ones, halves of pairs, and what lies beyond.
  if ((size == 3 && point < 0x800) || (size == 4 && point < 0x10000)) return std::nullopt;
  if ((point >= 0xd800 && point <= 0xdfff) || point > 0x10ffff) return std::nullopt;
  text.remove_prefix(size);
  return point;
}

bool shows_as_it_is(char32_t p) {
  const auto within = [p](char32_t low, char32_t high) { return p >= low && p <= high; };
  return !(p < 0x20 || within(0x7f, 0x9f) || p == 0xad || within(0x200b, 0x200f) || within(0x2028, 0x202e) ||
           within(0x2060, 0x206f) || p == 0xfeff);
}

}  // namespace

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > kLongestName || text.front() == ' ' || text.back() == ' ') return false;
  while (!text.empty()) {
    const auto point = take_point(text);
    if (!point || !shows_as_it_is(*point)) return false;
  }
  return true;
}

void check_name(std::string_view text, std::string_view what) {
  require(is_name(text),
          "'{}' is no {}: it needs 1 to {} bytes of UTF-8, without control characters and blanks at its ends",
          one_line(text.substr(0, kLongestName)), what, kLongestName);
}

}  // namespace tacit::sealed
