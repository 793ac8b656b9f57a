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
#if defined(__x86_64__)
namespace avx2 {
void aes_blocks_vaes(const void*, std::uint64_t, std::uint64_t, std::uint64_t*, std::size_t);
}
#endif

std::vector<AesKernel> aes_kernels(Isa isa) {
#define TACIT_USE(function)                                                          \
  [](const std::byte* k, std::uint64_t s, std::uint64_t f, Word* o, std::size_t n) { \
    function(k, s, f, o, n);                                                         \
  }
  switch (isa) {
    case Isa::Portable:
      return {TACIT_USE(portable::aes_blocks)};
#if defined(__x86_64__)
    case Isa::Avx2:
      if (has_vaes()) return {TACIT_USE(avx2::aes_blocks_vaes), TACIT_USE(avx2::aes_blocks)};
      return {TACIT_USE(avx2::aes_blocks)};
    case Isa::Avx512:
      return {TACIT_USE(avx512::aes_blocks)};
#elif defined(__aarch64__)
    case Isa::Neon:
      return {TACIT_USE(neon::aes_blocks)};
#endif
    default:
      break;
  }
#undef TACIT_USE
  ensure(false, "this machine has no such instruction set");
  return {};
}

}  // namespace tacit
