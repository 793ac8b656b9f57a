#include "tacit/net/transports/tls_link.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include "tacit/base/error.h"
#include "tacit/net/transports/socket_bio.h"

namespace tacit {

namespace {
constexpr std::size_t kRecord = 16 * 1024;  // a TLS record's plain text
constexpr std::size_t kTurn = 256 * 1024;
constexpr std::size_t kInboxBound = std::size_t{128} << 20;
constexpr std::size_t kMaxGoodbye = 2048;
constexpr std::size_t kGrowth = std::size_t{1} << 20;  // memory follows what came, not what was announced

Liveness::Time now() { return std::chrono::steady_clock::now(); }
}  // namespace

TlsLink::TlsLink(FileDescriptor socket, SslHandle ssl, std::string peer, Liveness::Duration patience)
    : socket_(std::move(socket)),
      ssl_(std::move(ssl)),
      peer_(std::move(peer)),
      patience_(patience),
      liveness_(patience, now()) {}

// ---- writing

bool TlsLink::write_some(const std::byte* from, std::size_t size, std::size_t& done) {
  while (done < size) {
    std::size_t wrote = 0;
    ERR_clear_error();
    const int result = SSL_write_ex(ssl_.get(), from + done, size - done, &wrote);
    if (result != 1) {
      const int error = SSL_get_error(ssl_.get(), result);
      if (error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ) return false;
      end_by_error(error);
      return false;
    }
    done += wrote;
  }
  return true;
}

void TlsLink::write_bytes(ByteView bytes) {
  std::size_t done = 0;
  if (backlog_begin_ == backlog_.size()) {
    backlog_.clear();
    backlog_begin_ = 0;
    if (write_some(bytes.data(), bytes.size(), done) || ended_) return;
  }
  append_bytes(backlog_, bytes.subspan(done));
}

void TlsLink::write(const FrameHead& head, ByteView body) {
  std::lock_guard lock(mutex_);
  if (ended_) return;
  liveness_.sent(now());
  // The head shares a record with the body's beginning.
  const std::size_t first = std::min(body.size(), kRecord - FrameHead::kWireSize);
  scratch_.resize(FrameHead::kWireSize + first);
  encode(head, std::span<std::byte, FrameHead::kWireSize>(scratch_.data(), FrameHead::kWireSize));
  std::copy_n(body.data(), first, scratch_.data() + FrameHead::kWireSize);
  write_bytes(scratch_);
  if (first < body.size()) write_bytes(body.subspan(first));
}

bool TlsLink::push(const FrameHead& head, ByteView body, std::size_t& done) {
  std::lock_guard lock(mutex_);
  if (ended_) return false;
  if (backlog_begin_ < backlog_.size() && !drain_backlog()) return false;
  const std::size_t first = FrameHead::kWireSize + std::min(body.size(), kRecord - FrameHead::kWireSize);
  const std::size_t total = FrameHead::kWireSize + body.size();
  if (done < first) {
    if (!user_writes_) {
      user_writes_ = true;
      scratch_.resize(first);
      encode(head, std::span<std::byte, FrameHead::kWireSize>(scratch_.data(), FrameHead::kWireSize));
      std::copy_n(body.data(), first - FrameHead::kWireSize, scratch_.data() + FrameHead::kWireSize);
    }
    more_to_come(SSL_get_wbio(ssl_.get()), first < total);
    if (!write_some(scratch_.data(), first, done)) return false;
  }
  // A turn is bounded, so that reading gets its turn while the data are still in the cache.
  for (const std::size_t stop = std::min(total, done + kTurn); done < stop;) {
    std::size_t more = 0;
    const std::size_t size = std::min(kRecord, total - done);
    more_to_come(SSL_get_wbio(ssl_.get()), done + size < stop);
    const bool all = write_some(body.data() + (done - FrameHead::kWireSize), size, more);
    done += more;
    if (!all) return false;
  }
  liveness_.sent(now());
  user_writes_ = done < total;
  return !user_writes_;
}

bool TlsLink::drain_backlog() {
  if (!write_some(backlog_.data(), backlog_.size(), backlog_begin_)) return false;
  backlog_ = Bytes();
  backlog_begin_ = 0;
  return true;
}

std::size_t TlsLink::backlog() const {
  std::lock_guard lock(mutex_);
  return ended_ ? 0 : backlog_.size() - backlog_begin_;
}

void TlsLink::flush() {
  std::lock_guard lock(mutex_);
  if (!ended_ && backlog_begin_ < backlog_.size()) drain_backlog();
}

// ---- reading

bool TlsLink::read_some(std::byte* to, std::size_t size, std::size_t& got) {
  got = 0;
  ERR_clear_error();
  const int result = SSL_read_ex(ssl_.get(), to, size, &got);
  if (result == 1) {
    liveness_.heard(now());
    return true;
  }
  const int error = SSL_get_error(ssl_.get(), result);
  if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) end_by_error(error);
  return false;
}

/// Completes the head of a data frame; other kinds of frames are dealt with on the way.
bool TlsLink::advance_head() {
  while (!incoming_.head) {
    std::size_t got = 0;
    if (ended_ || !read_some(incoming_.head_bytes.data() + incoming_.head_filled,
                             FrameHead::kWireSize - incoming_.head_filled, got))
      return false;
    incoming_.head_filled += got;
    if (incoming_.head_filled < FrameHead::kWireSize) continue;
    FrameHead head;
    if (!decode(incoming_.head_bytes, head)) {
      end("sent something that is no frame", true);
      return false;
    }
    incoming_.head_filled = 0;
    if (head.kind == FrameHead::Kind::Heartbeat && head.size == 0) continue;
    if (head.kind != FrameHead::Kind::Data &&
        (head.kind != FrameHead::Kind::Goodbye || head.size > kMaxGoodbye)) {
      end("sent something that is no frame", true);
      return false;
    }
    incoming_.head = head;
    if (head.kind == FrameHead::Kind::Goodbye) {
      take_goodbye();
      return false;
    }
  }
  return incoming_.head->kind == FrameHead::Kind::Data;
}

/// Takes the rest of the frame into memory of our own; true when it is whole.
bool TlsLink::advance_body() {
  Bytes& body = incoming_.body;
  while (body.size() < incoming_.head->size) {
    if (full()) return false;
    const std::size_t before = body.size(),
                      room = std::min<std::size_t>(incoming_.head->size - before, kGrowth);
    body.resize(before + room);
    std::size_t got = 0;
    const bool more = read_some(body.data() + before, room, got);
    body.resize(before + got);
    if (!more) return false;
  }
  return true;
}

void TlsLink::take_goodbye() {
  if (!advance_body()) return;
  const std::string reason(text_of(incoming_.body));
  incoming_ = Incoming();
  told_ = !reason.empty() && !ended_;
  end(reason, !reason.empty(), reason.empty());
}

std::optional<FrameHead> TlsLink::poll_head() {
  std::lock_guard lock(mutex_);
  if (!inbox_.empty()) return inbox_.front().head;
  user_reads_ = true;
  if (incoming_.head && incoming_.head->kind == FrameHead::Kind::Goodbye)
    take_goodbye();
  else if (advance_head())
    return incoming_.head;
  return std::nullopt;
}

bool TlsLink::poll_body(ByteSpan out, std::size_t& filled) {
  std::lock_guard lock(mutex_);
  if (!inbox_.empty()) {
    const Frame& frame = inbox_.front();
    std::copy(frame.body.begin(), frame.body.end(), out.begin());
    filled = out.size();
    inbox_bytes_ -= frame.body.size();
    inbox_.pop_front();
    user_reads_ = false;
    return true;
  }
  if (filled == 0 && !incoming_.body.empty()) {
    std::copy(incoming_.body.begin(), incoming_.body.end(), out.begin());
    filled = incoming_.body.size();
  }
  while (filled < out.size()) {
    std::size_t got = 0;
    if (ended_ || !read_some(out.data() + filled, out.size() - filled, got)) return false;
    filled += got;
  }
  incoming_ = Incoming();
  user_reads_ = false;
  return true;
}

// ---- watching

bool TlsLink::full() const { return inbox_bytes_ + incoming_.body.size() >= kInboxBound; }

bool TlsLink::has_frame() const {
  std::lock_guard lock(mutex_);
  return !inbox_.empty();
}

bool TlsLink::ready() const {
  std::lock_guard lock(mutex_);
  return !inbox_.empty() || ended_ || full();
}

void TlsLink::attend(Liveness::Time time) {
  std::lock_guard lock(mutex_);
  if (ended_) return;
  while (!user_reads_ && !full() && !ended_) {
    if (incoming_.head && incoming_.head->kind == FrameHead::Kind::Goodbye) {
      take_goodbye();
      break;
    }
    if (!advance_head() || !advance_body()) break;
    inbox_bytes_ += incoming_.body.size();
    inbox_.push_back({*incoming_.head, std::move(incoming_.body)});
    incoming_ = Incoming();
  }
  if (ended_) return;
  if (backlog_begin_ < backlog_.size()) {
    drain_backlog();
  } else if (!user_writes_ && liveness_.heartbeat_due(time)) {
    liveness_.sent(time);
    FrameHead beat;
    beat.kind = FrameHead::Kind::Heartbeat;
    std::array<std::byte, FrameHead::kWireSize> bytes;
    encode(beat, bytes);
    write_bytes(bytes);
  }
  // While we are the ones who do not read, the peer's silence says nothing.
  if (full()) liveness_.heard(time);
  if (liveness_.silent(time) && !ended_)
    end(fmt::format("has been silent for {:.1f} s", std::chrono::duration<double>(patience_).count()), true);
}

// ---- ending

void TlsLink::end(std::string reason, bool failed, bool cut) {
  if (ended_) return;
  ended_ = std::move(reason);
  failed_ = failed;
  cut_ = cut;
}

void TlsLink::end_by_error(int error) {
  if (error == SSL_ERROR_ZERO_RETURN || (error == SSL_ERROR_SYSCALL && ERR_peek_error() == 0)) {
    ERR_clear_error();
    return end("closed the connection without a word (killed, or crashed?)", true, true);
  }
  const std::string detail = tls_error();
  if (detail.find("certificate") != std::string::npos || detail.find("unknown ca") != std::string::npos)
    return end(fmt::format("refused our certificate ({}): is our key the one in its job file?", detail),
               true);
  if (detail.find("unexpected eof") != std::string::npos)
    return end("closed the connection without a word (killed, or crashed?)", true, true);
  end(fmt::format("broke the connection ({})", detail), true, true);
}

std::optional<std::string> TlsLink::ended() const {
  std::lock_guard lock(mutex_);
  return ended_;
}
bool TlsLink::told() const {
  std::lock_guard lock(mutex_);
  return told_;
}
bool TlsLink::cut() const {
  std::lock_guard lock(mutex_);
  return cut_;
}
bool TlsLink::failed() const {
  std::lock_guard lock(mutex_);
  return failed_;
}

bool TlsLink::wait_for(short events, Liveness::Time deadline) const {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - now()).count();
  pollfd p{socket_.get(), events, 0};
  return left > 0 && ::poll(&p, 1, static_cast<int>(left)) > 0;
}

void TlsLink::part(std::string_view reason, Liveness::Time deadline) noexcept {
  try {
    if (ended() || user_writes_) return;
    FrameHead head;
    head.kind = FrameHead::Kind::Goodbye;
    reason = reason.substr(0, kMaxGoodbye);
    head.size = reason.size();
    write(head, bytes_of(reason));
    while (backlog() > 0 && wait_for(POLLOUT, deadline)) flush();
    std::lock_guard lock(mutex_);
    if (!ended_) SSL_shutdown(ssl_.get());
  } catch (const std::exception&) {
    // Nothing more can be told to a peer that cannot be reached.
  }
}

void TlsLink::linger(Liveness::Time deadline) noexcept {
  ::shutdown(socket_.get(), SHUT_WR);
  // Closing with unread bytes would reset the connection and could lose our last frames on the way.
  std::byte sink[4096];
  while (wait_for(POLLIN, deadline) && ::recv(socket_.get(), sink, sizeof sink, 0) > 0) {}
  std::lock_guard lock(mutex_);
  end("", false);
}

}  // namespace tacit
