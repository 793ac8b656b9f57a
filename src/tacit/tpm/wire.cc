#include "tacit/tpm/wire.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <type_traits>

#include "tacit/base/bytes.h"
#include "tacit/base/error.h"

namespace tacit::tpm {

namespace {

/// More than any answer has.
constexpr std::size_t kLongest = 4096;
constexpr std::size_t kHeadSize = 10;
/// What a TPM may think at most: making a key takes some seconds.
constexpr int kPatienceMs = 300'000;

FileDescriptor connected(const std::filesystem::path& at) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = at.string();
  require(name.size() < sizeof address.sun_path, "the path of the TPM '{}' is too long for a socket's", name);
  std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
  FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const bool answers =
      fd && ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  require(answers, "the TPM '{}' does not answer: {}", name, std::strerror(errno));
  return fd;
}

FileDescriptor opened(const std::filesystem::path& at) {
  struct stat info {};
  const bool there = ::stat(at.c_str(), &info) == 0;
  require(there, "there is no TPM '{}': {}", at.string(), std::strerror(errno));
  if (S_ISSOCK(info.st_mode)) return connected(at);
  require(S_ISCHR(info.st_mode), "'{}' is no TPM: it is neither a device nor a socket", at.string());
  FileDescriptor fd(::open(at.c_str(), O_RDWR | O_CLOEXEC));
  require(static_cast<bool>(fd), "the TPM '{}' cannot be used: {}: this user must be in the group 'tss'",
          at.string(), std::strerror(errno));
  return fd;
}

std::size_t claimed_size(const std::uint8_t* head) {
  return std::size_t{head[2]} << 24 | std::size_t{head[3]} << 16 | std::size_t{head[4]} << 8 | head[5];
}

}  // namespace

struct Wire::Context {
  // First: the TSS gets a pointer to it.
  TSS2_TCTI_CONTEXT_COMMON_V1 common{};
  FileDescriptor fd;

  static Context& of(TSS2_TCTI_CONTEXT* c) { return *reinterpret_cast<Context*>(c); }

  static TSS2_RC transmit(TSS2_TCTI_CONTEXT* c, std::size_t size, const std::uint8_t* command) {
    if (c == nullptr || command == nullptr) return TSS2_TCTI_RC_BAD_REFERENCE;
    while (size > 0) {
      const ssize_t wrote = ::write(of(c).fd.get(), command, size);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote <= 0) return TSS2_TCTI_RC_IO_ERROR;
      command += wrote;
      size -= static_cast<std::size_t>(wrote);
    }
    return TSS2_RC_SUCCESS;
  }

  static TSS2_RC receive(TSS2_TCTI_CONTEXT* c, std::size_t* size, std::uint8_t* answer, std::int32_t) {
    if (c == nullptr || size == nullptr) return TSS2_TCTI_RC_BAD_REFERENCE;
    if (answer == nullptr) {
      *size = kLongest;
      return TSS2_RC_SUCCESS;
    }
    // The kernel's device gives an answer in one read; a socket may give it in pieces.
    std::size_t got = 0;
    while (got < kHeadSize || got < claimed_size(answer)) {
      if (got >= kHeadSize && claimed_size(answer) > *size) return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
      if (got == *size) return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
      pollfd wait{of(c).fd.get(), POLLIN, 0};
      const int ready = ::poll(&wait, 1, kPatienceMs);
      if (ready < 0 && errno == EINTR) continue;
      if (ready <= 0) return TSS2_TCTI_RC_IO_ERROR;
      const ssize_t more = ::read(of(c).fd.get(), answer + got, *size - got);
      if (more < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (more <= 0) return TSS2_TCTI_RC_IO_ERROR;
      got += static_cast<std::size_t>(more);
    }
    if (got != claimed_size(answer)) return TSS2_TCTI_RC_MALFORMED_RESPONSE;
    *size = got;
    return TSS2_RC_SUCCESS;
  }

  static void finalize(TSS2_TCTI_CONTEXT*) {}  // ~Wire does it
  static TSS2_RC cancel(TSS2_TCTI_CONTEXT*) { return TSS2_TCTI_RC_NOT_IMPLEMENTED; }
  static TSS2_RC locality(TSS2_TCTI_CONTEXT*, std::uint8_t) { return TSS2_TCTI_RC_NOT_IMPLEMENTED; }
  static TSS2_RC handles(TSS2_TCTI_CONTEXT*, TSS2_TCTI_POLL_HANDLE*, std::size_t*) {
    return TSS2_TCTI_RC_NOT_IMPLEMENTED;
  }
};

Wire::Wire(const std::filesystem::path& at) : context_(std::make_unique<Context>()) {
  static_assert(std::is_standard_layout_v<TSS2_TCTI_CONTEXT_COMMON_V1> && kLongest >= kHeadSize);
  context_->fd = opened(at);
  TSS2_TCTI_CONTEXT_COMMON_V1& c = context_->common;
  c.magic = 0x7461636974747031;
  c.version = 1;
  c.transmit = Context::transmit;
  c.receive = Context::receive;
  c.finalize = Context::finalize;
  c.cancel = Context::cancel;
  c.getPollHandles = Context::handles;
  c.setLocality = Context::locality;
}

Wire::~Wire() = default;

TSS2_TCTI_CONTEXT* Wire::tcti() { return reinterpret_cast<TSS2_TCTI_CONTEXT*>(&context_->common); }

}  // namespace tacit::tpm
