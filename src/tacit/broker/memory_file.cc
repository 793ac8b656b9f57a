#include "tacit/broker/memory_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "tacit/base/error.h"

namespace tacit::broker {

namespace {

constexpr unsigned kSeals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
constexpr std::size_t kCopied = std::size_t{1} << 20;

[[noreturn]] void fail_copy(const std::filesystem::path& file, std::string_view what) {
  throw IoError(fmt::format("the file '{}' cannot be {}: {}", file.string(), what, std::strerror(errno)));
}

}  // namespace

FileDescriptor in_memory(const std::filesystem::path& file) {
  const FileDescriptor from(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  require(from || errno != ENOENT, "there is no file '{}': check the path", file.string());
  if (!from) fail_copy(file, "read");
  struct stat info {};
  if (::fstat(from.get(), &info) != 0) fail_copy(file, "read");
  require(S_ISREG(info.st_mode), "'{}' is no plain file", file.string());
  FileDescriptor to(::memfd_create("tacit sealed model", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!to) fail_copy(file, "copied into memory");
  std::vector<char> piece(kCopied);
  for (;;) {
    const ssize_t got = ::read(from.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_copy(file, "read");
    if (got == 0) break;
    for (ssize_t at = 0; at < got;) {
      const ssize_t put = ::write(to.get(), piece.data() + at, static_cast<std::size_t>(got - at));
      if (put < 0 && errno == EINTR) continue;
      if (put <= 0) fail_copy(file, "copied into memory");
      at += put;
    }
  }
  if (::fcntl(to.get(), F_ADD_SEALS, kSeals) != 0) fail_copy(file, "sealed against changes in memory");
  return to;
}

void check_in_memory(const FileDescriptor& file, const std::string& name) {
  // Only files in memory have seals at all: of others the kernel gives an error.
  const int seals = ::fcntl(file.get(), F_GET_SEALS);
  struct stat info {};
  require(seals >= 0 && (static_cast<unsigned>(seals) & kSeals) == kSeals &&
              ::fstat(file.get(), &info) == 0 && S_ISREG(info.st_mode),
          "'{}' did not come as a file in memory that nobody can change: it was not sent by tacit", name);
  const int mode = ::fcntl(file.get(), F_GETFL);
  require(mode >= 0 && (mode & O_ACCMODE) != O_WRONLY && (mode & O_PATH) == 0,
          "'{}' came so that it cannot be read", name);
}

}  // namespace tacit::broker
