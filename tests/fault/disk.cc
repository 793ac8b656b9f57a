// The names below are those of the C library, which takes them first from the program itself.
#undef _FORTIFY_SOURCE
#include "disk.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <string_view>

namespace tacit::testing {

namespace {

struct Broken {
  std::string folder, part;
  DiskFault fault;
  bool now;
};

std::atomic<bool> any{false}, needed{false};
std::mutex mutex;
std::optional<Broken> broken;

/// Whether a change at this path fails, with errno set; `grows`: it takes room.
bool fails(std::string_view path, bool changes, bool grows) {
  if (!any) return false;
  std::lock_guard lock(mutex);
  if (!broken || !path.starts_with(broken->folder)) return false;
  broken->now |= path.find(broken->part) != std::string_view::npos;
  if (!broken->now) return false;
  const bool full = broken->fault == DiskFault::Full;
  if (full ? !grows : !changes) return false;
  needed = true;
  errno = full ? ENOSPC : EROFS;
  return true;
}

bool fails(int fd, bool grows) {
  if (!any) return false;
  char link[32], path[4096];
  ::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = ::readlink(link, path, sizeof path);
  return size > 0 && fails(std::string_view(path, static_cast<std::size_t>(size)), true, grows);
}

/// The C library's own.
template <class F>
F* real(const char* name) {
  return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name));
}

using Open = int(const char*, int, ...);
bool needs_mode(int flags) { return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE; }

}  // namespace

void break_disk(const std::filesystem::path& folder, DiskFault fault, std::string part) {
  std::lock_guard lock(mutex);
  const bool now = part.empty();
  broken = Broken{folder.string(), now ? "\n" : std::move(part), fault, now};
  needed = false;
  any = true;
}
void mend_disk() {
  std::lock_guard lock(mutex);
  broken.reset();
  any = false;
}
bool disk_was_needed() { return needed; }

}  // namespace tacit::testing

using tacit::testing::fails;
using tacit::testing::needs_mode;
using tacit::testing::real;

extern "C" {

int open(const char* path, int flags, ...) {
  static auto* const next = real<tacit::testing::Open>("open");
  va_list more;
  va_start(more, flags);
  const unsigned mode = needs_mode(flags) ? va_arg(more, unsigned) : 0;
  va_end(more);
  if (fails(path, (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) != 0, false)) return -1;
  return next(path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  static auto* const next = real<tacit::testing::Open>("open64");
  va_list more;
  va_start(more, flags);
  const unsigned mode = needs_mode(flags) ? va_arg(more, unsigned) : 0;
  va_end(more);
  if (fails(path, (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) != 0, false)) return -1;
  return next(path, flags, mode);
}
ssize_t write(int fd, const void* bytes, size_t size) {
  static auto* const next = real<ssize_t(int, const void*, size_t)>("write");
  return fails(fd, true) ? -1 : next(fd, bytes, size);
}
ssize_t pwrite(int fd, const void* bytes, size_t size, off_t at) {
  static auto* const next = real<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  return fails(fd, true) ? -1 : next(fd, bytes, size, at);
}
ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
  static auto* const next = real<ssize_t(int, const void*, size_t, off64_t)>("pwrite64");
  return fails(fd, true) ? -1 : next(fd, bytes, size, at);
}
int ftruncate(int fd, off_t size) noexcept {
  static auto* const next = real<int(int, off_t)>("ftruncate");
  return fails(fd, false) ? -1 : next(fd, size);
}
int ftruncate64(int fd, off64_t size) noexcept {
  static auto* const next = real<int(int, off64_t)>("ftruncate64");
  return fails(fd, false) ? -1 : next(fd, size);
}
int rename(const char* from, const char* to) noexcept {
  static auto* const next = real<int(const char*, const char*)>("rename");
  return fails(to, true, false) ? -1 : next(from, to);
}
int unlink(const char* path) noexcept {
  static auto* const next = real<int(const char*)>("unlink");
  return fails(path, true, false) ? -1 : next(path);
}
int mkdir(const char* path, mode_t mode) noexcept {
  static auto* const next = real<int(const char*, mode_t)>("mkdir");
  struct stat info;
  if (::stat(path, &info) != 0 && fails(path, true, false)) return -1;
  return next(path, mode);
}
int fsync(int) { return 0; }
int fdatasync(int) { return 0; }

}  // extern "C"
