#include "tacit/base/durable.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "tacit/base/error.h"

namespace tacit {

namespace {

[[noreturn]] void fail(std::string_view what, const std::filesystem::path& path, std::string_view happens) {
  const int error = errno;
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  throw IoError(fmt::format("the {} '{}' cannot be {}: {}{}", what, path.string(), happens,
                            std::strerror(error), full ? ": make room on the disk" : ""));
}

}  // namespace

void sync_folder(const std::filesystem::path& folder) {
  const FileDescriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) fail("folder", folder, "synced");
}

void make_folder(const std::filesystem::path& folder, unsigned mode) {
  std::error_code error;
  if (folder.has_parent_path()) std::filesystem::create_directories(folder.parent_path(), error);
  if (error)
    throw IoError(fmt::format("the folder '{}' cannot be made: {}", folder.string(), error.message()));
  if (::mkdir(folder.c_str(), mode) == 0)
    sync_folder(folder.has_parent_path() ? folder.parent_path() : ".");
  else if (errno != EEXIST)
    fail("folder", folder, "made");
}

OwnFolder::OwnFolder(std::filesystem::path folder) : path_(std::move(folder)) {
  make_folder(path_, 0700);
  lock_ = FileDescriptor(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat info {};
  require(lock_ && ::fstat(lock_.get(), &info) == 0, "'{}' is no folder that this user may read",
          path_.string());
  require(info.st_uid == ::geteuid(), "the folder '{}' belongs to somebody else", path_.string());
  require((info.st_mode & 077) == 0, "others may use the folder '{0}': run 'chmod 700 {0}'", path_.string());
  require(::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0, "another process is running with the folder '{}'",
          path_.string());
}

NewFile::NewFile(std::filesystem::path file)
    : path_(std::move(file)),
      file_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)) {
  if (!file_) fail("file", path_, "made");
}

void NewFile::write(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(file_.get(), bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) fail("file", path_, "written");
    bytes = bytes.subspan(static_cast<std::size_t>(wrote));
  }
}

void NewFile::sync() {
  if (::fsync(file_.get()) != 0) fail("file", path_, "synced");
}

PlainFile::PlainFile(std::filesystem::path file)
    : path_(std::move(file)), file_(::open(path_.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)) {
  require(file_ || errno != ELOOP, "'{}' is no plain file", path_.string());
  if (!file_) fail("file", path_, "read");
  struct stat info {};
  if (::fstat(file_.get(), &info) != 0) fail("file", path_, "read");
  require(S_ISREG(info.st_mode), "'{}' is no plain file", path_.string());
  own_ = info.st_uid == ::geteuid() && (info.st_mode & 077) == 0;
  size_ = static_cast<std::uint64_t>(info.st_size);
}

void PlainFile::read(ByteSpan out) {
  while (!out.empty()) {
    const ssize_t got = ::read(file_.get(), out.data(), out.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("file", path_, "read");
    require(got > 0, "'{}' ends too early", path_.string());
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

OwnFile::OwnFile(std::filesystem::path file) : PlainFile(std::move(file)) {
  require(own(), "'{}' belongs to somebody else, or others may use it", path().string());
}

void zero_file(const std::filesystem::path& file) {
  const FileDescriptor fd(::open(file.c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd && (errno == ENOENT || errno == ELOOP)) return;
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0) fail("file", file, "overwritten");
  if (!S_ISREG(info.st_mode)) return;
  const std::array<std::byte, 4096> zeros{};
  for (off_t at = 0; at < info.st_size;) {
    const auto now = static_cast<std::size_t>(std::min<off_t>(info.st_size - at, zeros.size()));
    const ssize_t wrote = ::pwrite(fd.get(), zeros.data(), now, at);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) fail("file", file, "overwritten");
    at += wrote;
  }
  // Its blocks stay where they are: there is nothing else of it to sync.
  if (::fdatasync(fd.get()) != 0) fail("file", file, "synced");
}

void remove_file(const std::filesystem::path& file) {
  if (::unlink(file.c_str()) == 0) return;
  const int why = errno;
  // A disk that can only be read says so before it looks for the name.
  std::error_code ignored;
  if (why == ENOENT ||
      (why == EROFS && !std::filesystem::exists(std::filesystem::symlink_status(file, ignored))))
    return;
  errno = why;
  fail("file", file, "removed");
}

}  // namespace tacit
