// Somebody who listens between a program and its TPM: a socket that passes all on, and keeps it.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>
#include <thread>

#include "tacit/base/bytes.h"
#include "tacit/base/file_descriptor.h"
#include "tacit/data/testing/files.h"

namespace tacit::testing {

class Wiretap {
 public:
  explicit Wiretap(const std::filesystem::path& tpm) : tpm_(tpm), listening_(socket_at(at(), ::bind)) {
    if (::listen(listening_.get(), 1) != 0) throw std::runtime_error("nobody can listen");
    thread_ = std::thread([this] { relay(); });
  }
  /// Whoever speaks to it has left.
  ~Wiretap() { end(); }
  Wiretap(const Wiretap&) = delete;

  std::filesystem::path at() const { return folder_.path("tap"); }
  /// Nobody is passed on any more; what was said by then can be read.
  void end() {
    if (!thread_.joinable()) return;
    ::shutdown(listening_.get(), SHUT_RDWR);
    thread_.join();
  }
  const Bytes& commands() const { return commands_; }
  const Bytes& answers() const { return answers_; }

 private:
  template <class Call>
  static FileDescriptor socket_at(const std::filesystem::path& at, Call&& call) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = at.string();
    if (name.size() >= sizeof address.sun_path) throw std::runtime_error("a socket's path is too long");
    std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
    FileDescriptor out(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (call(out.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("no socket at " + name);
    return out;
  }
  void relay() {
    for (;;) {
      const FileDescriptor client(::accept(listening_.get(), nullptr, nullptr));
      if (!client) return;
      const FileDescriptor tpm = socket_at(tpm_, ::connect);
      while (pass(client, tpm)) {}
    }
  }
  /// Until one of them leaves.
  bool pass(const FileDescriptor& client, const FileDescriptor& tpm) {
    pollfd wanted[] = {{client.get(), POLLIN, 0}, {tpm.get(), POLLIN, 0}};
    ::poll(wanted, 2, -1);
    for (const int from : {0, 1}) {
      if (wanted[from].revents == 0) continue;
      std::byte buffer[4096];
      const ssize_t got = ::read(wanted[from].fd, buffer, sizeof buffer);
      if (got <= 0) return false;
      const ByteView said(buffer, static_cast<std::size_t>(got));
      append_bytes(from == 0 ? commands_ : answers_, said);
      if (::send(wanted[1 - from].fd, buffer, said.size(), MSG_NOSIGNAL) != got) return false;
    }
    return true;
  }

  ScratchFolder folder_;
  std::filesystem::path tpm_;
  FileDescriptor listening_;
  Bytes commands_, answers_;
  std::thread thread_;
};

}  // namespace tacit::testing
