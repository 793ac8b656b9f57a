#include "tacit/base/error.h"
#include "tacit/he/poly/kernels/ntt_kernels.h"

namespace tacit {

namespace portable {
void fill(he::NttKernels&);
}
#if defined(__x86_64__)
namespace avx2 {
void fill(he::NttKernels&);
}
namespace avx512 {
void fill(he::NttKernels&);
}
#elif defined(__aarch64__)
namespace neon {
void fill(he::NttKernels&);
}
#endif

namespace he {

namespace {
NttKernels filled(void (*fill)(NttKernels&)) {
  NttKernels k{};
  fill(k);
  return k;
}
}  // namespace

const NttKernels& ntt_kernels(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::Avx2) {
    static const NttKernels kTable = filled(avx2::fill);
    return kTable;
  }
  if (isa == Isa::Avx512) {
    static const NttKernels kTable = filled(avx512::fill);
    return kTable;
  }
#elif defined(__aarch64__)
  if (isa == Isa::Neon) {
    static const NttKernels kTable = filled(neon::fill);
    return kTable;
  }
#endif
  ensure(isa == Isa::Portable, "this machine has no such instruction set");
  static const NttKernels kTable = filled(portable::fill);
  return kTable;
}

}  // namespace he
}  // namespace tacit
