// Small texts of "key = value" lines: cards and what lies beside them. Each has one form.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>

#include "tacit/base/durable.h"
#include "tacit/base/error.h"

namespace tacit::sealed {

/// Of lines "head", "key = value" for each of the keys, and nothing else: the values. UsageError.
template <std::size_t n>
std::array<std::string, n> values_of(std::string_view text, std::string_view head,
                                     const std::array<std::string_view, n>& keys) {
  const auto line = [&] {
    const std::size_t end = text.find('\n');
    require(end != std::string_view::npos, "its lines are not those of a card");
    const std::string_view out = text.substr(0, end);
    text.remove_prefix(end + 1);
    return out;
  };
  require(text.starts_with(head) && line() == head, "it does not begin with '{}'", head);
  std::array<std::string, n> out;
  for (std::size_t i = 0; i < n; ++i) {
    const std::string_view found = line();
    const std::string begin = std::string(keys[i]) + " = ";
    require(found.starts_with(begin), "its line {} is not '{}…'", i + 2, begin);
    out[i] = found.substr(begin.size());
  }
  require(text.empty(), "it has more lines than it may have");
  return out;
}

/// Of at most `longest` bytes. UsageError, calling it `kind`; IoError.
inline std::string read_text(const std::filesystem::path& file, std::uint64_t longest,
                             std::string_view kind) {
  PlainFile in(file);
  require(in.size() <= longest, "'{}' is no {}: it has {} bytes", file.string(), kind, in.size());
  std::string out(in.size(), '\0');
  in.read(std::as_writable_bytes(std::span(out)));
  return out;
}

/// What `parse` makes of a file; its UsageErrors name the file.
template <class Parse>
auto read_lines(const std::filesystem::path& file, std::uint64_t longest, std::string_view kind,
                Parse parse) {
  const std::string text = read_text(file, longest, kind);
  try {
    return parse(text);
  } catch (const UsageError& e) {
    throw UsageError(fmt::format("'{}' is no {}: {}", file.string(), kind, e.what()));
  }
}

}  // namespace tacit::sealed
