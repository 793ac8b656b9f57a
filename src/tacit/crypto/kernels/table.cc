#include "tacit/base/error.h"
#include "tacit/crypto/kernels/aes.h"

namespace tacit {

#define TACIT_DECLARE(isa, suffix)                                                                       \
  namespace isa {                                                                                        \
  void aes_blocks##suffix(const void*, std::uint64_t, std::uint64_t, std::uint64_t*, std::size_t);       \
  void aes_hash##suffix(const void*, std::uint64_t, std::uint64_t, const std::uint64_t*, std::uint64_t*, \
                        std::size_t);                                                                    \
  }
TACIT_DECLARE(portable, )
#if defined(__x86_64__)
TACIT_DECLARE(avx2, )
TACIT_DECLARE(avx2, _vaes)
TACIT_DECLARE(avx512, )
#elif defined(__aarch64__)
TACIT_DECLARE(neon, )
#endif
#undef TACIT_DECLARE

namespace {

struct Kernels {
  AesKernel blocks;
  AesHashKernel hash;
};

std::vector<Kernels> kernels(Isa isa) {
#define TACIT_USE(isa, suffix)                                                                               \
  Kernels {                                                                                                  \
    [](const std::byte* k, std::uint64_t s, std::uint64_t f, Word* o, std::size_t n) {                       \
      isa::aes_blocks##suffix(k, s, f, o, n);                                                                \
    },                                                                                                       \
        [](const std::byte* k, std::uint64_t t, std::uint64_t f, const Word* in, Word* out, std::size_t n) { \
          isa::aes_hash##suffix(k, t, f, in, out, n);                                                        \
        }                                                                                                    \
  }
  switch (isa) {
    case Isa::Portable:
      return {TACIT_USE(portable, )};
#if defined(__x86_64__)
    case Isa::Avx2:
      if (has_vaes()) return {TACIT_USE(avx2, _vaes), TACIT_USE(avx2, )};
      return {TACIT_USE(avx2, )};
    case Isa::Avx512:
      return {TACIT_USE(avx512, )};
#elif defined(__aarch64__)
    case Isa::Neon:
      return {TACIT_USE(neon, )};
#endif
    default:
      break;
  }
#undef TACIT_USE
  ensure(false, "this machine has no such instruction set");
  return {};
}

}  // namespace

std::vector<AesKernel> aes_kernels(Isa isa) {
  std::vector<AesKernel> out;
  for (const Kernels& k : kernels(isa)) out.push_back(k.blocks);
  return out;
}
std::vector<AesHashKernel> aes_hash_kernels(Isa isa) {
  std::vector<AesHashKernel> out;
  for (const Kernels& k : kernels(isa)) out.push_back(k.hash);
  return out;
}

}  // namespace tacit
