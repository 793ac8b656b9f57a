#include "tacit/net/testing/cutting_proxy.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <vector>

namespace tacit::testing {

namespace {
constexpr std::size_t kBuffer = 64 * 1024;
bool again() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }
}  // namespace

CuttingProxy::CuttingProxy(Address target)
    : target_(std::move(target)), listener_(listen_on({"127.0.0.1", 0})) {
  address_ = {"127.0.0.1", local_port(listener_)};
  prepare_stream(listener_);
  thread_ = std::thread([this] { run(); });
}

CuttingProxy::~CuttingProxy() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  bell_.ring();
  thread_.join();
}

void CuttingProxy::plan(std::function<Cut(std::size_t)> cut) {
  std::lock_guard lock(mutex_);
  plan_ = std::move(cut);
}

void CuttingProxy::spare() {
  std::lock_guard lock(mutex_);
  plan_ = nullptr;
  for (Pair& p : pairs_) p.left = std::numeric_limits<std::size_t>::max();
}

void CuttingProxy::cut(How how) {
  {
    std::lock_guard lock(mutex_);
    for (Pair& p : pairs_) cut_pair(p, how);
  }
  bell_.ring();
}

void CuttingProxy::turn_away(bool all) {
  std::lock_guard lock(mutex_);
  turn_away_ = all;
}

std::size_t CuttingProxy::connections() const {
  std::lock_guard lock(mutex_);
  return connections_;
}

void CuttingProxy::cut_pair(Pair& p, How how) {
  if (how == How::Silence) {
    p.silent = true;
    return;
  }
  for (Side* s : {&p.near, &p.far}) {
    const linger at_once{1, 0};
    if (how == How::Reset) setsockopt(s->socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    s->socket = FileDescriptor();
  }
  p.done = true;
}

void CuttingProxy::accept_one() {
  FileDescriptor near(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!near || turn_away_) return;
  prepare_stream(near);
  FileDescriptor far = try_dial(target_, std::chrono::seconds(1));
  if (!far) return;
  const Cut cut = plan_ ? plan_(connections_) : Cut();
  ++connections_;
  pairs_.push_back({{std::move(near), {}}, {std::move(far), {}}, cut.after, cut.how});
}

void CuttingProxy::flush(Pair& p, Side& side) {
  if (p.done || side.out.empty()) return;
  const ssize_t n = ::send(side.socket.get(), side.out.data(), side.out.size(), MSG_NOSIGNAL);
  if (n > 0) side.out.erase(side.out.begin(), side.out.begin() + n);
  if (n < 0 && !again()) cut_pair(p, How::Close);
}

void CuttingProxy::relay(Pair& p, Side& from, Side& to) {
  if (p.done || p.silent) return;
  if (to.out.empty() && !from.ended) {
    std::byte buffer[kBuffer];
    const ssize_t n = ::recv(from.socket.get(), buffer, std::min(kBuffer, p.left), 0);
    if (n < 0 && !again()) return cut_pair(p, How::Close);
    from.ended = n == 0;
    if (n > 0) {
      append_bytes(to.out, ByteView(buffer, static_cast<std::size_t>(n)));
      p.left -= static_cast<std::size_t>(n);
    }
  }
  flush(p, to);
  if (!p.done && p.left == 0) return cut_pair(p, p.how);
  if (!p.done && from.ended && !to.told && to.out.empty()) {
    to.told = true;
    ::shutdown(to.socket.get(), SHUT_WR);
  }
  if (from.ended && to.ended && from.told && to.told) p.done = true;
}

void CuttingProxy::run() {
  for (;;) {
    std::vector<pollfd> polls{{bell_.fd(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
    {
      std::lock_guard lock(mutex_);
      if (stop_) return;
      for (const Pair& p : pairs_) {
        if (p.done || p.silent) continue;
        const auto events = [](const Side& side, const Side& other) {
          const bool reads = other.out.empty() && !side.ended;
          return static_cast<short>((reads ? POLLIN : 0) | (side.out.empty() ? 0 : POLLOUT));
        };
        polls.push_back({p.near.socket.get(), events(p.near, p.far), 0});
        polls.push_back({p.far.socket.get(), events(p.far, p.near), 0});
      }
    }
    // A side that has nothing to do may have hung up, which poll() tells again and again: not for ever.
    ::poll(polls.data(), polls.size(), 100);
    std::lock_guard lock(mutex_);
    if ((polls[0].revents & POLLIN) != 0) bell_.answer();
    if ((polls[1].revents & POLLIN) != 0) accept_one();
    for (Pair& p : pairs_) {
      relay(p, p.near, p.far);
      relay(p, p.far, p.near);
    }
    pairs_.remove_if([](const Pair& p) { return p.done; });
  }
}

}  // namespace tacit::testing
