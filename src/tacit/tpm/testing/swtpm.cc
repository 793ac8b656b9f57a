#include "tacit/tpm/testing/swtpm.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <string>

#include "tacit/base/file_descriptor.h"
#include "tacit/tpm/public_area.h"

namespace tacit::testing {

namespace {

using tpm::append_big;
using tpm::append_sized;

constexpr std::uint64_t kWithSessions = 0x8002, kWithoutSessions = 0x8001, kPassword = 0x40000009;
constexpr std::uint64_t kGetRandom = 0x17b;
constexpr std::uint64_t kExtend = 0x182, kDefine = 0x12a, kRead = 0x14e, kChangeAuth = 0x129;
constexpr std::uint64_t kDictionary = 0x13a, kOwner = 0x40000001, kLockout = 0x4000000a, kSha256 = 0x000b;
constexpr std::uint64_t kGuarded = 0x01a7af00;

/// A socket, bound there (`call` is ::bind) or connected; none if that fails.
template <class Call>
FileDescriptor socket_at(const std::filesystem::path& at, Call&& call) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = at.string();
  if (name.size() >= sizeof address.sun_path) throw std::runtime_error("the path of a socket is too long");
  std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
  FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (call(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  return fd;
}

/// handles | the session of a password for each of them that is authorised | parameters
Bytes body(std::uint64_t code, std::initializer_list<std::uint64_t> handles, std::string_view password,
           ByteView parameters) {
  Bytes out;
  append_big(out, code, 4);
  for (const std::uint64_t h : handles) append_big(out, h, 4);
  Bytes session;
  append_big(session, kPassword, 4);
  append_sized(session, {});
  append_big(session, 0, 1);
  append_sized(session, bytes_of(password));
  append_big(out, session.size(), 4);
  append_bytes(out, session);
  append_bytes(out, parameters);
  return out;
}

/// The answer's code.
std::uint32_t sent(const std::filesystem::path& at, const Bytes& text, std::uint64_t tag = kWithSessions) {
  const FileDescriptor fd = socket_at(at, ::connect);
  Bytes whole;
  append_big(whole, tag, 2);
  append_big(whole, text.size() + 6, 4);
  append_bytes(whole, text);
  std::array<unsigned char, 4096> answer;
  if (!fd ||
      ::send(fd.get(), whole.data(), whole.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(whole.size()) ||
      ::recv(fd.get(), answer.data(), 10, MSG_WAITALL) != 10)
    throw std::runtime_error("the software TPM does not answer");
  std::size_t left = static_cast<std::size_t>(answer[4] << 8 | answer[5]) - 10;
  const std::uint32_t code =
      static_cast<std::uint32_t>(answer[6] << 24 | answer[7] << 16 | answer[8] << 8 | answer[9]);
  // All of it, so that the TPM does not write to nobody.
  while (left > 0) {
    const ssize_t got = ::recv(fd.get(), answer.data(), std::min(left, answer.size()), 0);
    if (got <= 0) break;
    left -= static_cast<std::size_t>(got);
  }
  return code;
}

}  // namespace

bool SoftwareTpm::there() {
  return ::access("/usr/bin/swtpm", X_OK) == 0 || ::access("/usr/local/bin/swtpm", X_OK) == 0;
}

SoftwareTpm::SoftwareTpm() {
  std::filesystem::create_directory(folder_.path("state"));
  start();
}

SoftwareTpm::~SoftwareTpm() { stop(); }

void SoftwareTpm::start() {
  const std::string state = "dir=" + folder_.path("state").string();
  FileDescriptor listening = socket_at(at(), ::bind);
  if (!listening || ::listen(listening.get(), SOMAXCONN) != 0)
    throw std::runtime_error("the software TPM has no place for its socket");
  const std::string server = "type=unixio,fd=" + std::to_string(listening.get());
  child_ = ::fork();
  if (child_ == 0) {
    const int nowhere = ::open("/dev/null", O_WRONLY);
    ::dup2(nowhere, 1);
    ::dup2(nowhere, 2);
    ::fcntl(listening.get(), F_SETFD, 0);
    ::execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate", state.c_str(), "--server", server.c_str(),
             "--flags", "not-need-init,startup-clear", "--seccomp", "action=none", nullptr);
    ::_exit(127);
  }
  listening = {};  // its end is the end of all connections
  try {
    Bytes random;  // a byte of it; whoever asks waits until it runs
    append_big(random, kGetRandom, 4);
    append_big(random, 1, 2);
    sent(at(), random, kWithoutSessions);
  } catch (const std::runtime_error&) {
    stop();
    throw std::runtime_error("swtpm does not start: install Debian's package swtpm");
  }
}

void SoftwareTpm::stop() {
  if (child_ <= 0) return;
  ::kill(child_, SIGTERM);
  ::waitpid(child_, nullptr, 0);
  child_ = -1;
  std::error_code ignored;
  std::filesystem::remove(at(), ignored);
}

void SoftwareTpm::restart() {
  stop();
  start();
}

void SoftwareTpm::command(const Bytes& text) const {
  const std::uint32_t code = sent(at(), text);
  if (code != 0) throw std::runtime_error("the software TPM refuses: " + std::to_string(code));
}

void SoftwareTpm::extend(unsigned pcr) const {
  Bytes parameters;
  append_big(parameters, 1, 4);
  append_big(parameters, kSha256, 2);
  append_bytes(parameters, sha256(bytes_of("another firmware")));
  command(body(kExtend, {pcr}, "", parameters));
}

void SoftwareTpm::own() const {
  Bytes parameters;
  append_sized(parameters, bytes_of("the owner's"));
  command(body(kChangeAuth, {kOwner}, "", parameters));
}

void SoftwareTpm::lock() const {
  // One wrong guess is enough, and the next is free in an hour.
  Bytes limits;
  for (const std::uint64_t n : {1u, 3600u, 3600u}) append_big(limits, n, 4);
  command(body(kDictionary, {kLockout}, "", limits));
  // Something to guess at: a place in memory with a password, whose guesses count.
  Bytes area, parameters;
  append_big(area, kGuarded, 4);
  append_big(area, kSha256, 2);
  append_big(area, 0x00040004, 4);  // read and written with its password
  append_sized(area, {});
  append_big(area, 8, 2);
  append_sized(parameters, bytes_of("right"));
  append_sized(parameters, area);
  command(body(kDefine, {kOwner}, "", parameters));
  Bytes what;
  append_big(what, 8, 2);
  append_big(what, 0, 2);
  for (int i = 0; i < 3; ++i)
    if (sent(at(), body(kRead, {kGuarded, kGuarded}, "wrong", what)) == 0)
      throw std::runtime_error("the software TPM takes a wrong password");
}

}  // namespace tacit::testing
