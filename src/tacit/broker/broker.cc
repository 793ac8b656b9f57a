#include "tacit/broker/broker.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "tacit/base/durable.h"
#include "tacit/base/error.h"
#include "tacit/broker/address.h"

namespace tacit::broker {

namespace fs = std::filesystem;

namespace {

constexpr int kBacklog = 16;
/// That a turned away client's socket may take for one sentence: it is empty, so none.
constexpr std::chrono::milliseconds kForARefusal{100};
/// After a failure to accept, as for want of descriptors, which others may give back.
constexpr int kPauseMilliseconds = 100;

[[noreturn]] void fail(const fs::path& path, std::string_view what) {
  throw IoError(fmt::format("the socket '{}' cannot be {}: {}", path.string(), what, std::strerror(errno)));
}

/// Nobody but this user and root can put something else in the socket's place.
void check_folder(const fs::path& path) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  struct stat info {};
  if (::stat(folder.c_str(), &info) != 0) fail(path, "made");
  require(S_ISDIR(info.st_mode) && (info.st_uid == ::geteuid() || info.st_uid == 0) &&
              ((info.st_mode & (S_IWGRP | S_IWOTH)) == 0 || (info.st_mode & S_ISVTX) != 0),
          "other users could put another socket in the place of '{}': take a folder that only this user can "
          "write to "
          "(chmod 755 '{}')",
          path.string(), folder.string());
}

void remove_old(const fs::path& path, const UnixAddress& address) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return;
    fail(path, "made");
  }
  require(S_ISSOCK(info.st_mode) && info.st_uid == ::geteuid(),
          "'{}' is there already, and is no socket of this user: name another", path.string());
  const FileDescriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe) fail(path, "made");
  require(::connect(probe.get(), address.get(), address.size()) != 0 && errno == ECONNREFUSED,
          "a broker answers at '{}' already: stop it first, or name another socket", path.string());
  remove_file(path);
}

}  // namespace

FileDescriptor listen_at(const fs::path& path) {
  const UnixAddress address(path);
  check_folder(path);
  remove_old(path, address);
  FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket || ::bind(socket.get(), address.get(), address.size()) != 0) fail(path, "made");
  // Whom it serves is decided by what the kernel says of each client.
  if (::chmod(path.c_str(), 0666) != 0 || ::listen(socket.get(), kBacklog) != 0) fail(path, "used");
  return socket;
}

Broker::Broker(const HardenedProcess& process, const sealed::DeviceKeys& keys,
               std::function<sealed::Now()> clock, std::function<std::string(uid_t)> refuses,
               unsigned threads, const Limits& limits)
    : shared_{keys, std::move(clock), sealed::TileSpace(process), Workers(threads), {}},
      refuses_(std::move(refuses)),
      limits_(limits) {}

Broker::~Broker() {
  for (Served& s : served_) s.session.stop();
  for (Served& s : served_)
    if (s.thread.joinable()) s.thread.join();
}

void Broker::let_go() {
  served_.remove_if([](Served& s) {
    if (!s.done.load(std::memory_order_acquire)) return false;
    s.thread.join();
    return true;
  });
}

void Broker::take(FileDescriptor socket) {
  const auto refuse = [&](const std::string& words) {
    Link(std::move(socket), "the client", kForARefusal).send(Refused{2, words});
  };
  const uid_t user = user_of(socket).user;
  if (const std::string why = refuses_(user); !why.empty()) return refuse(why);
  let_go();
  const auto of_user = static_cast<std::size_t>(
      std::count_if(served_.begin(), served_.end(), [&](const Served& s) { return s.user == user; }));
  if (of_user >= limits_.clients_of_a_user)
    return refuse(
        fmt::format("the broker serves {} programs of your user already: end one, or try later", of_user));
  if (served_.size() >= limits_.clients)
    return refuse(fmt::format("the broker serves {} programs already: try later", served_.size()));
  Served& s = served_.emplace_back(std::move(socket), user, shared_, limits_.session);
  try {
    s.thread = std::thread([&s] {
      s.session.run();
      s.done.store(true, std::memory_order_release);
    });
  } catch (const std::system_error&) { served_.pop_back(); }
}

void Broker::serve(const FileDescriptor& listening, const FileDescriptor& stop) {
  for (;;) {
    pollfd wanted[] = {{stop.get(), POLLIN, 0}, {listening.get(), POLLIN, 0}};
    if (::poll(wanted, 2, -1) < 0) {
      if (errno == EINTR) continue;
      throw IoError(fmt::format("the broker cannot wait for clients: {}", std::strerror(errno)));
    }
    if (wanted[0].revents != 0) return;
    FileDescriptor socket(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket) {
      if (errno != EINTR && errno != EAGAIN && errno != ECONNABORTED) ::poll(wanted, 1, kPauseMilliseconds);
      continue;
    }
    try {
      take(std::move(socket));
    } catch (const PeerError&) {
    } catch (const IoError&) {
    } catch (const std::bad_alloc&) {}  // its client's loss alone
  }
}

}  // namespace tacit::broker
