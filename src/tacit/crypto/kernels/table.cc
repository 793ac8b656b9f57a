#include "tacit/base/error.h"
#include "tacit/crypto/kernels/aes.h"

namespace tacit {

#define TACIT_DECLARE(isa)                                                                 \
  namespace isa {                                                                          \
  void aes_blocks(const void*, std::uint64_t, std::uint64_t, std::uint64_t*, std::size_t); \
  }
TACIT_DECLARE(portable)
#if defined(__x86_64__)
TACIT_DECLARE(avx2)
TACIT_DECLARE(avx512)
#elif defined(__aarch64__)
TACIT_DECLARE(neon)
#endif
#undef TACIT_DECLARE

AesKernel aes_kernel(Isa isa) {
#define TACIT_USE(isa)                                                               \
  [](const std::byte* k, std::uint64_t s, std::uint64_t f, Word* o, std::size_t n) { \
    isa::aes_blocks(k, s, f, o, n);                                                  \
  }
  switch (isa) {
    case Isa::Portable:
      return TACIT_USE(portable);
#if defined(__x86_64__)
    case Isa::Avx2:
      return TACIT_USE(avx2);
    case Isa::Avx512:
      return TACIT_USE(avx512);
#elif defined(__aarch64__)
    case Isa::Neon:
      return TACIT_USE(neon);
#endif
    default:
      break;
  }
#undef TACIT_USE
  ensure(false, "this machine has no such instruction set");
  return nullptr;
}

}  // namespace tacit
