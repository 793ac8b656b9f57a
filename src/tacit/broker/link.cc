#include "tacit/broker/link.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "tacit/base/error.h"
#include "tacit/base/text.h"

namespace tacit::broker {

namespace {

constexpr std::size_t kPiece = std::size_t{1} << 16;

[[noreturn]] void broken(std::string_view what) {
  throw IoError(fmt::format("a socket {}: {}", what, std::strerror(errno)));
}

}  // namespace

PeerUser user_of(const FileDescriptor& socket) {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &who, &size) != 0 || size != sizeof who)
    broken("does not tell who its other end is");
  return {who.uid, who.pid};
}

Link::Link(FileDescriptor socket, std::string who, std::chrono::milliseconds patience)
    : socket_(std::move(socket)), who_(std::move(who)), patience_(patience) {
  const int flags = ::fcntl(socket_.get(), F_GETFL);
  if (flags < 0 || ::fcntl(socket_.get(), F_SETFL, flags | O_NONBLOCK) != 0) broken("cannot be set up");
}

void Link::shut_down() const { ::shutdown(socket_.get(), SHUT_RDWR); }

void Link::lost(std::string_view how) const { throw PeerError(who_, fmt::format("{} {}", who_, how)); }

void Link::wait_for(short events, std::optional<Clock::time_point> until) {
  for (;;) {
    int limit = -1;
    if (until) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - Clock::now()).count();
      if (left <= 0) lost("fell silent: it took longer over a message than it may");
      limit = static_cast<int>(std::min<long long>(left, 1'000'000'000));
    }
    pollfd p{socket_.get(), events, 0};
    const int ready = ::poll(&p, 1, limit);
    // Whatever went wrong, the call that follows tells it.
    if (ready > 0) return;
    if (ready < 0 && errno != EINTR) broken("cannot be waited for");
  }
}

void Link::send(ByteView frame, int file) {
  const auto until = Clock::now() + patience_;
  bool with_file = file >= 0;
  while (!frame.empty()) {
    iovec part{const_cast<std::byte*>(frame.data()), frame.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (with_file) {
      message.msg_control = control;
      message.msg_controllen = sizeof control;
      cmsghdr* c = CMSG_FIRSTHDR(&message);
      c->cmsg_level = SOL_SOCKET;
      c->cmsg_type = SCM_RIGHTS;
      c->cmsg_len = CMSG_LEN(sizeof(int));
      std::memcpy(CMSG_DATA(c), &file, sizeof file);
    }
    const ssize_t sent = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
    if (sent > 0) {
      with_file = false;  // it went with the first byte
      frame = frame.subspan(static_cast<std::size_t>(sent));
    } else if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      wait_for(POLLOUT, until);
    } else if (sent < 0 && errno != EINTR) {
      lost("closed the connection");
    }
  }
}

bool Link::read(ByteSpan out, std::optional<Clock::time_point> until, FileDescriptor& file) {
  bool begun = false;
  while (!out.empty()) {
    iovec part{out.data(), out.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t got = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      wait_for(POLLIN, until);
      continue;
    }
    if (got < 0) lost("closed the connection");
    bool too_many = (message.msg_flags & MSG_CTRUNC) != 0;
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
      if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
      // Each is held before it is judged, so that none stays open.
      for (std::size_t i = 0; CMSG_LEN((i + 1) * sizeof(int)) <= c->cmsg_len; ++i) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof fd);
        FileDescriptor came(fd);
        too_many = too_many || file;
        if (!file) file = std::move(came);
      }
    }
    if (too_many) lost("sent more than one descriptor with a message");
    if (got == 0) {
      if (!begun) return false;
      lost("closed the connection within a message");
    }
    begun = true;
    out = out.subspan(static_cast<std::size_t>(got));
  }
  return true;
}

std::optional<Frame> Link::receive(std::size_t most, std::optional<std::chrono::milliseconds> wait) {
  std::optional<Clock::time_point> until;
  if (wait) until = Clock::now() + *wait;
  Frame out;
  std::array<std::byte, kFrameHead> head{};
  if (!read(ByteSpan(head).first(1), until, out.file)) return std::nullopt;
  until = Clock::now() + patience_;
  const auto rest = [&](ByteSpan part) {
    if (!part.empty() && !read(part, until, out.file)) lost("closed the connection within a message");
  };
  rest(ByteSpan(head).subspan(1));
  const FrameHead parsed = parse_head(head, most, who_);
  out.tag = Tag{parsed.tag};
  while (out.body.size() < parsed.size) {
    const std::size_t before = out.body.size();
    out.body.resize(std::min<std::size_t>(parsed.size, before + kPiece));
    rest(ByteSpan(out.body).subspan(before));
  }
  return out;
}

void throw_if_refused(const Frame& frame, const std::string& who) {
  if (frame.tag != Tag::Refused) return;
  const Refused refused = parse<Refused>(frame.body, who);
  const std::string words = one_line(refused.words);
  switch (refused.code) {
    case 2:
      throw UsageError(words);
    case 3:
      throw IoError(words);
    case 5:
      throw CheatDetected(words);
    default:
      throw PeerError(who, words);
  }
}

void out_of_step(const Frame& frame, const std::string& who) {
  throw PeerError(who, fmt::format("{} says something out of step (a message {}{})", who,
                                   static_cast<unsigned>(frame.tag), frame.file ? " with a descriptor" : ""));
}

}  // namespace tacit::broker
