#include "tacit/serve/query_limit.h"

#include <algorithm>
#include <charconv>

#include "tacit/base/error.h"

namespace tacit {

namespace {

constexpr std::int64_t kHourMicroseconds = 3'600'000'000, kSecondMicroseconds = 1'000'000;
constexpr std::uint64_t kLongestLimit = 20;  ///< digits of a moment

}  // namespace

QueryLimit::QueryLimit(std::filesystem::path folder, std::uint32_t an_hour)
    : own_(std::move(folder)), folder_(own_.path()), an_hour_(an_hour), each_(kHourMicroseconds / an_hour) {}

std::int64_t QueryLimit::full_at(const std::string& who, std::int64_t now) const {
  const std::int64_t empty = now + each_ * an_hour_;
  const auto file = folder_ / (who + ".limit");
  if (!std::filesystem::exists(std::filesystem::symlink_status(file))) return now;
  std::int64_t at = 0;
  try {
    OwnFile in(file);
    if (in.size() > kLongestLimit) return empty;
    std::string text(in.size(), '\0');
    in.read(std::as_writable_bytes(std::span(text)));
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), at);
    if (wrong != std::errc() || end + 1 != text.data() + text.size() || *end != '\n') return empty;
  } catch (const UsageError&) { return empty; }
  // Later than an empty bucket's only where the clock was set back.
  return std::clamp(at, now, empty);
}

QueryLimit::Taken QueryLimit::take(const std::string& who, std::uint64_t questions, std::int64_t now) {
  const std::int64_t full = full_at(who, now), whole = each_ * an_hour_;
  const auto left = static_cast<std::uint64_t>((now + whole - full) / each_);
  if (questions > an_hour_) return {false, left, 0};
  const std::int64_t after = full + each_ * static_cast<std::int64_t>(questions);
  if (after > now + whole) {
    const std::int64_t wait = after - now - whole;
    return {false, left, static_cast<std::uint64_t>((wait + kSecondMicroseconds - 1) / kSecondMicroseconds)};
  }
  const auto file = folder_ / (who + ".limit"), part = folder_ / (who + ".part");
  remove_file(part);
  {
    NewFile out(part);
    out.write(bytes_of(std::to_string(after) + "\n"));
    out.sync();
  }
  std::error_code error;
  std::filesystem::rename(part, file, error);
  if (error)
    throw IoError(fmt::format("the file '{}' cannot be written: {}", file.string(), error.message()));
  sync_folder(folder_);
  return {true, left - questions, 0};
}

}  // namespace tacit
