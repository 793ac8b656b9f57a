#include "tacit/ring/tensor.h"

#include <sys/mman.h>

namespace tacit {

void* allocate_tensor_bytes(std::size_t size) {
  constexpr std::size_t kLine = 64, kHuge = std::size_t{2} << 20;
  void* p = std::aligned_alloc(kLine, (size + kLine - 1) / kLine * kLine + (size == 0 ? kLine : 0));
  if (p == nullptr) throw std::bad_alloc();
  if (size >= 2 * kHuge) {
    const auto begin = (reinterpret_cast<std::uintptr_t>(p) + kHuge - 1) / kHuge * kHuge;
    const auto end = (reinterpret_cast<std::uintptr_t>(p) + size) / kHuge * kHuge;
    if (end > begin) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
  }
  return p;
}

}  // namespace tacit
