#include "tacit/ring/tensor.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace tacit {

Words::Words(std::size_t n) : block_(n == 0 ? nullptr : allocate(n)), size_(n) {}

Words::Words(std::size_t n, Word value) : Words(n) {
  if (n > 0) std::fill_n(block_->words(), n, value);
}

bool Words::operator==(const Words& other) const {
  return size_ == other.size_ && std::equal(begin(), end(), other.begin());
}

Words::Block* Words::allocate(std::size_t n) {
  constexpr std::size_t kLine = 64, kHuge = std::size_t{2} << 20;
  const std::size_t size = (sizeof(Block) + n * sizeof(Word) + kLine - 1) / kLine * kLine;
  void* p = std::aligned_alloc(kLine, size);
  if (p == nullptr) throw std::bad_alloc();
  if (size >= 2 * kHuge) {
    const auto begin = (reinterpret_cast<std::uintptr_t>(p) + kHuge - 1) / kHuge * kHuge;
    const auto end = (reinterpret_cast<std::uintptr_t>(p) + size) / kHuge * kHuge;
    if (end > begin) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
  }
  return new (p) Block;
}

void Words::release() {
  if (block_ != nullptr && block_->users.fetch_sub(1, std::memory_order_acq_rel) == 1) std::free(block_);
}

void Words::detach() {
  Block* own = allocate(size_);
  std::copy_n(block_->words(), size_, own->words());
  release();
  block_ = own;
}

}  // namespace tacit
