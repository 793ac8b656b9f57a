#include "tacit/data/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <vector>

namespace tacit {

std::optional<double> parse_number(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string number_text(double value) { return fmt::format("{}", value == 0 ? 0.0 : value); }

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (const auto code = static_cast<unsigned char>(c); code < 0x20 || code == 0x7f)
          out += fmt::format("\\x{:02x}", code);
        else
          out += c;
    }
  }
  return out + '"';
}

std::string shown(std::string_view cell) {
  constexpr std::size_t kLongest = 60;
  return cell.size() <= kLongest ? in_quotes(cell) : in_quotes(cell.substr(0, kLongest)) + "...";
}

}  // namespace tacit
