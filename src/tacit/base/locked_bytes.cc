#include "tacit/base/locked_bytes.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <utility>

#include "tacit/base/error.h"

namespace tacit {

LockedBytes::LockedBytes(std::size_t size) : size_(size) {
  ensure(size > 0, "a locked buffer has bytes");
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  mapped_ = (size + page - 1) / page * page;
  void* p = ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) throw std::bad_alloc();
  if (::madvise(p, mapped_, MADV_DONTDUMP) != 0 || ::madvise(p, mapped_, MADV_WIPEONFORK) != 0 ||
      ::mlock(p, mapped_) != 0) {
    const int error = errno;
    ::munmap(p, mapped_);
    throw IoError(fmt::format(
        "this machine does not lock {} bytes of memory, which could reach its swap or a core dump ({}): "
        "allow it with 'ulimit -l unlimited' as root, or LimitMEMLOCK=infinity in a systemd unit",
        mapped_, std::strerror(error)));
  }
  data_ = static_cast<std::byte*>(p);
}

LockedBytes::LockedBytes(LockedBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      mapped_(std::exchange(other.mapped_, 0)) {}

LockedBytes::~LockedBytes() {
  if (data_ == nullptr) return;
  ::explicit_bzero(data_, size_);
  ::munmap(data_, mapped_);
}

void LockedBytes::zero() {
  if (data_ != nullptr) ::explicit_bzero(data_, size_);
}

}  // namespace tacit
