#include "tacit/net/transports/tls_meeting.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include <tuple>

#include "tacit/base/error.h"

namespace tacit {

namespace {
constexpr auto kLeaving = std::chrono::milliseconds(400);
}

TlsMeeting::TlsMeeting(FileDescriptor socket, SslHandle ssl, Time deadline)
    : state_(State::Shaking),
      deadline_(deadline),
      stream_(std::make_shared<TlsStream>(std::move(socket), std::move(ssl))) {}

TlsMeeting::TlsMeeting(const SocketAddress& address, const TlsContext* context, std::string claim,
                       Time deadline)
    : state_(State::Dialling), deadline_(deadline), context_(context), claim_(std::move(claim)) {
  Dialled so_far;
  std::tie(socket_, so_far) = begin_dial(address);
  if (so_far == Dialled::Refused) state_ = State::Refused;
  if (so_far == Dialled::Failed) over("cannot be reached");
}

short TlsMeeting::events() const {
  switch (state_) {
    case State::Dialling:
      return POLLOUT;
    case State::Shaking:
      return stream_->wants_to_write() ? POLLOUT : POLLIN;
    default:
      return out_.empty() ? POLLIN : POLLOUT;
  }
}

void TlsMeeting::over(std::string reason) {
  state_ = State::Over;
  reason_ = std::move(reason);
}

void TlsMeeting::advance() {
  for (State before = State::Over; waits() && before != state_;) {
    before = state_;
    if (state_ == State::Dialling)
      dial();
    else if (state_ == State::Shaking)
      shake();
    else if (state_ == State::Hearing)
      listen();
    else
      leave();
  }
}

TlsMeeting::State TlsMeeting::wait() {
  for (advance(); waits(); advance()) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now())
            .count();
    pollfd p{fd(), events(), 0};
    if (left <= 0 || ::poll(&p, 1, static_cast<int>(left)) == 0) over("no answer");
  }
  return state_;
}

void TlsMeeting::dial() {
  switch (dial_state(socket_)) {
    case Dialled::Waiting:
      return;
    case Dialled::Refused:
      state_ = State::Refused;
      return;
    case Dialled::Failed:
      return over("cannot be reached");
    case Dialled::Connected:
      if (context_ == nullptr) {
        state_ = State::Answers;
        return;
      }
      SslHandle ssl = context_->client(socket_.get(), claim_);
      stream_ = std::make_shared<TlsStream>(std::move(socket_), std::move(ssl));
      state_ = State::Shaking;
  }
}

void TlsMeeting::shake() {
  const auto outcome = stream_->shake();
  if (outcome == TlsStream::Outcome::Done) state_ = State::Shaken;
  if (outcome == TlsStream::Outcome::Broken) over(stream_->broken().how);
}

void TlsMeeting::say(const LinkHello& hello) {
  std::array<std::byte, LinkHello::kWireSize> bytes;
  encode(hello, bytes);
  append_record(out_, RecordHead::Kind::Hello, bytes);
  state_ = State::Hearing;
}

void TlsMeeting::turn_away(std::string_view reason) {
  out_.clear();
  append_record(out_, RecordHead::Kind::Goodbye, bytes_of(reason.substr(0, RecordHead::kMaxGoodbye)));
  deadline_ = std::chrono::steady_clock::now() + kLeaving;
  state_ = State::Leaving;
  advance();
}

void TlsMeeting::write_out() {
  if (out_.empty()) return;
  const auto outcome = stream_->write(out_, false);
  if (outcome == TlsStream::Outcome::Broken) over(stream_->broken().how);
  if (outcome == TlsStream::Outcome::Done) out_.clear();
}

void TlsMeeting::listen() {
  write_out();
  std::size_t want = RecordHead::kWireSize;
  while (state_ == State::Hearing && out_.empty()) {
    std::optional<RecordHead> head;
    if (in_.size() >= RecordHead::kWireSize) {
      head =
          decode_record(std::span<const std::byte, RecordHead::kWireSize>(in_.data(), RecordHead::kWireSize));
      if (!head || (head->kind != RecordHead::Kind::Hello && head->kind != RecordHead::Kind::Goodbye)) {
        strange_ = true;
        return over("speaks another version of the protocol, or none");
      }
      want = RecordHead::kWireSize + head->size;
    }
    if (in_.size() < want) {
      const std::size_t before = in_.size();
      std::size_t got = 0;
      in_.resize(want);
      const auto outcome = stream_->read(ByteSpan(in_).subspan(before), got);
      in_.resize(before + got);
      if (outcome == TlsStream::Outcome::Later) return;
      if (outcome == TlsStream::Outcome::Broken) return over(stream_->broken().how);
      continue;
    }
    const ByteView body = ByteView(in_).subspan(RecordHead::kWireSize);
    if (head->kind == RecordHead::Kind::Goodbye) {
      reason_ = text_of(body);
      state_ = State::Farewell;
    } else if (const auto hello = decode_hello(body.first<LinkHello::kWireSize>())) {
      hello_ = *hello;
      state_ = State::Met;
    } else {
      strange_ = true;
      over("speaks another version of the protocol");
    }
  }
}

/// Until the peer closes, too: a connection that is closed with unread bytes is reset, and our goodbye lost.
void TlsMeeting::leave() {
  if (!out_.empty()) {
    write_out();
    if (state_ == State::Over || !out_.empty()) return;
    stream_->close_in_order();
    ::shutdown(stream_->fd(), SHUT_WR);
  }
  std::byte sink[4096];
  const ssize_t n = ::recv(stream_->fd(), sink, sizeof sink, MSG_DONTWAIT);
  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
    over(std::string(reason_));
}

}  // namespace tacit
