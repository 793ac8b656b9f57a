#include "tacit/gc/garble/tables.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit::gc {

std::span<Label> MemorySink::next(std::size_t count) {
  ensure(count <= left_.size(), "room for all rows");
  const auto out = left_.first(count);
  left_ = left_.subspan(count);
  return out;
}
std::span<const Label> MemorySource::next(std::size_t count) {
  require(count <= left_.size(), "the tables end {} rows too early", count - left_.size());
  const auto out = left_.first(count);
  left_ = left_.subspan(count);
  return out;
}

std::span<Label> ChannelSink::next(std::size_t count) {
  send(kTableMessage);
  if (waiting_.size() < used_ + count) waiting_.resize(used_ + count);
  used_ += count;
  return std::span(waiting_).subspan(used_ - count, count);
}
void ChannelSink::finish() { send(1); }

/// Sends what waits, as long as it is that much.
void ChannelSink::send(std::size_t at_least) {
  std::size_t sent = 0;
  while (used_ - sent >= at_least) {
    const std::size_t now = std::min(kTableMessage, used_ - sent);
    to_.send(tag_, words(std::span<const Label>(waiting_).subspan(sent, now)));
    sent += now;
  }
  std::copy(waiting_.begin() + static_cast<std::ptrdiff_t>(sent),
            waiting_.begin() + static_cast<std::ptrdiff_t>(used_), waiting_.begin());
  used_ -= sent;
}

std::span<const Label> ChannelSource::next(std::size_t count) {
  if (here_.size() - used_ < count) {
    here_.erase(here_.begin(), here_.begin() + static_cast<std::ptrdiff_t>(used_));
    used_ = 0;
  }
  while (here_.size() < count) {
    const std::size_t now = std::min(kTableMessage, left_), before = here_.size();
    ensure(now > 0, "no more rows than were told");
    here_.resize(before + now);
    from_.receive(tag_, words(std::span(here_).subspan(before)));
    left_ -= now;
  }
  used_ += count;
  return std::span<const Label>(here_).subspan(used_ - count, count);
}

}  // namespace tacit::gc
