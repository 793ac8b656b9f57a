#include "tacit/base/secret_bytes.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <new>
#include <utility>

namespace tacit {

namespace {
std::size_t page_rounded(std::size_t size) {
  const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return (size + page - 1) / page * page;
}
}  // namespace

SecretBytes::SecretBytes(std::size_t size) : size_(size) {
  if (size == 0) return;
  const std::size_t mapped = page_rounded(size);
  void* p = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) throw std::bad_alloc();
  madvise(p, mapped, MADV_DONTDUMP);
  // Locking can be refused by the machine's limit; the buffer is still zeroed and kept out of dumps.
  (void)mlock(p, mapped);
  data_ = static_cast<std::byte*>(p);
}

SecretBytes::SecretBytes(ByteView copy_of) : SecretBytes(copy_of.size()) {
  if (size_ > 0) std::memcpy(data_, copy_of.data(), size_);
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    release();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

SecretBytes::~SecretBytes() { release(); }

void SecretBytes::release() noexcept {
  if (data_ == nullptr) return;
  explicit_bzero(data_, size_);
  munmap(data_, page_rounded(size_));
  data_ = nullptr;
  size_ = 0;
}

}  // namespace tacit
