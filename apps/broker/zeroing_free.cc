// free() and realloc() that zero what they give back, for the whole program and the libraries that it loads:
// a tensor that an operator is done with leaves no copy behind. Everything else is the C library's own.
#include <malloc.h>
#include <string.h>

#include <algorithm>
#include <cstddef>

#include "tacit/base/hardened_process.h"

extern "C" {

// The C library's, under their other names.
void* __libc_malloc(std::size_t size);
void __libc_free(void* p);

void free(void* p) noexcept {
  if (p == nullptr) return;
  ::explicit_bzero(p, ::malloc_usable_size(p));
  __libc_free(p);
}

// Never in place, and never by moving pages: what was there is zeroed before it goes.
void* realloc(void* p, std::size_t size) noexcept {
  if (p == nullptr) return __libc_malloc(size);
  if (size == 0) {
    free(p);
    return nullptr;
  }
  const std::size_t before = ::malloc_usable_size(p);
  if (size <= before && size > before / 2) return p;
  void* to = __libc_malloc(size);
  if (to == nullptr) return nullptr;
  ::memcpy(to, p, std::min(before, size));
  free(p);
  return to;
}

}  // extern "C"

namespace tacit {

ZeroingFree zeroing_free() { return ZeroingFree(); }

}  // namespace tacit
