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

std::optional<std::int64_t> QueryLimit::read(const std::string& who, std::int64_t otherwise) const {
  const auto file = folder_ / (who + ".limit");
  if (!std::filesystem::exists(std::filesystem::symlink_status(file))) return otherwise;
  try {
    OwnFile in(file);
    if (in.size() > kLongestLimit) return std::nullopt;
    std::string text(in.size(), '\0');
    in.read(std::as_writable_bytes(std::span(text)));
    std::int64_t at = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), at);
    if (wrong != std::errc() || end + 1 != text.data() + text.size() || *end != '\n') return std::nullopt;
    return at;
  } catch (const UsageError&) { return std::nullopt; }
}

void QueryLimit::write(const std::string& who, std::int64_t full_at) const {
  const auto file = folder_ / (who + ".limit"), part = folder_ / (who + ".part");
  remove_file(part);
  {
    NewFile out(part);
    out.write(bytes_of(std::to_string(full_at) + "\n"));
    out.sync();
  }
  std::error_code error;
  std::filesystem::rename(part, file, error);
  if (error)
    throw IoError(fmt::format("the file '{}' cannot be written: {}", file.string(), error.message()));
  sync_folder(folder_);
}

QueryLimit::Taken QueryLimit::take(const std::string& who, std::uint64_t questions, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  const std::int64_t whole = each_ * an_hour_, empty = now + whole;
  const std::optional<std::int64_t> kept = read(who, now);
  // Later than an empty bucket's only where the clock was set back. It runs full again from now on.
  const std::int64_t full = std::clamp(kept.value_or(empty), now, empty);
  if (!kept || *kept > empty) write(who, empty);
  const auto left = static_cast<std::uint64_t>((empty - full) / each_);
  if (questions > an_hour_) return {false, left, 0};
  const std::int64_t after = full + each_ * static_cast<std::int64_t>(questions);
  if (after > empty) {
    const std::int64_t wait = after - empty;
    return {false, left, static_cast<std::uint64_t>((wait + kSecondMicroseconds - 1) / kSecondMicroseconds)};
  }
  write(who, after);
  return {true, left - questions, 0};
}

}  // namespace tacit
