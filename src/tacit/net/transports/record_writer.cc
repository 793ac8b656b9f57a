#include "tacit/net/transports/record_writer.h"

#include <poll.h>

#include <algorithm>

namespace tacit {

namespace {
constexpr std::size_t kTls = TlsStream::kRecord;
constexpr std::size_t kData = 16 * kTls - 16;  // with its head and a beat before it, 16 TLS records
// What may be under way and unacknowledged; about as much as sockets hold, so that it seldom is what holds
// one up.
constexpr std::size_t kWindow = std::size_t{16} << 20;
// Far less than the window, so that little is left to be copied when a step ends; far more than a TLS record,
// so that telling costs nothing.
constexpr std::size_t kTellEvery = std::size_t{512} << 10;
}  // namespace

TlsStream::Outcome RecordWriter::write(TlsStream& stream, std::uint64_t received, bool beat, bool& moved) {
  while (due_ || next_due(received, beat)) {
    const ByteView bytes = due_->made ? ByteView(room_) : window_.next(due_->payload, room_);
    const auto outcome = stream.write(bytes, left_ > 0);
    if (outcome != TlsStream::Outcome::Done) return outcome;
    moved = true;
    beat = false;
    window_.wrote(due_->payload);
    if (!lasting_) window_.acknowledge(window_.written());
    due_.reset();
    if (left_ == 0) break;
  }
  return TlsStream::Outcome::Done;
}

bool RecordWriter::next_due(std::uint64_t received, bool beat) {
  if (left_ > 0) {
    due_ = Due{std::min(kTls, left_), false};
    left_ -= due_->payload;
    return true;
  }
  const std::size_t size = data_size();
  const bool news = lasting_ && received != told_received_;
  beat = beat || much_to_tell(received) || (news && size > 0);
  if (size == 0 && !beat) return false;
  room_.clear();
  if (beat) {
    append_record(room_, RecordHead::Kind::Beat, bytes_of(std::span<const std::uint64_t>(&received, 1)));
    told_received_ = received;
  }
  due_ = Due{0, true};
  if (size == 0) return true;
  append_record(room_, {RecordHead::Kind::Data, static_cast<std::uint32_t>(size)});
  due_->payload = std::min(size, kTls - room_.size());
  window_.copy_next(due_->payload, room_);
  left_ = size - due_->payload;
  return true;
}

/// Of the next data record; 0 if there is nothing to write, or no room for it before more is acknowledged.
std::size_t RecordWriter::data_size() const {
  const std::size_t size = std::min(window_.unwritten(), kData);
  return lasting_ && window_.unacknowledged() + size > kWindow ? 0 : size;
}

void RecordWriter::put(RecordHead::Kind kind, ByteView body) {
  room_.clear();
  append_record(room_, kind, body);
  due_ = Due{0, true};
}

bool RecordWriter::much_to_tell(std::uint64_t received) const {
  return lasting_ && received - told_received_ >= kTellEvery;
}

short RecordWriter::wants() const {
  if (!due_ && window_.unwritten() == 0) return 0;
  return due_ || data_size() > 0 ? POLLOUT : POLLIN;
}

void RecordWriter::reset(std::uint64_t received) {
  due_.reset();
  left_ = 0;
  told_received_ = received;
}

}  // namespace tacit
