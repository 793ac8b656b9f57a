#include "tacit/base/secret_bytes.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <mutex>
#include <new>
#include <utility>

namespace tacit {

namespace {

std::size_t page_size() {
  static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}
std::size_t page_rounded(std::size_t size) { return (size + page_size() - 1) / page_size() * page_size(); }

/// Single pages that were given back, zeroed, for the next secrets: most are keys that live for a moment, and
/// the system takes longer to map and lock a page than what they are for. Locks are not a child's, so that it
/// begins without any. Nobody waits: whoever comes while another is at it asks the system.
class SparePages {
 public:
  void* take() {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) return nullptr;
    look_whose();
    return count_ == 0 ? nullptr : pages_[--count_];
  }
  bool keep(void* page) {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) return false;
    look_whose();
    if (count_ == pages_.size()) return false;
    pages_[count_++] = page;
    return true;
  }

 private:
  void look_whose() {
    const pid_t now = ::getpid();
    if (now == owner_) return;
    while (count_ > 0) ::munmap(pages_[--count_], page_size());
    owner_ = now;
  }

  std::mutex mutex_;
  std::array<void*, 32> pages_{};
  std::size_t count_ = 0;
  pid_t owner_ = ::getpid();
};

/// Never destroyed: static secrets may go later.
SparePages& spare_pages() {
  static SparePages& all = *new SparePages;
  return all;
}

}  // namespace

SecretBytes::SecretBytes(std::size_t size) : size_(size) {
  if (size == 0) return;
  const std::size_t mapped = page_rounded(size);
  if (mapped == page_size())
    if (void* const spare = spare_pages().take()) {
      data_ = static_cast<std::byte*>(spare);
      return;
    }
  void* p = ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) throw std::bad_alloc();
  ::madvise(p, mapped, MADV_DONTDUMP);
  // Locking can be refused by the machine's limit; the buffer is still zeroed and kept out of dumps.
  (void)::mlock(p, mapped);
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
  ::explicit_bzero(data_, size_);
  const std::size_t mapped = page_rounded(size_);
  if (mapped != page_size() || !spare_pages().keep(data_)) ::munmap(data_, mapped);
  data_ = nullptr;
  size_ = 0;
}

}  // namespace tacit
