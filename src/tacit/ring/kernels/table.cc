#include "tacit/base/error.h"
#include "tacit/ring/kernels/kernels.h"

namespace tacit {

namespace portable {
void fill(RingKernels&);
}
#if defined(__x86_64__)
namespace avx2 {
void fill(RingKernels&);
}
namespace avx512 {
void fill(RingKernels&);
}
#elif defined(__aarch64__)
namespace neon {
void fill(RingKernels&);
}
#endif

namespace {
RingKernels filled(Isa isa, void (*fill)(RingKernels&)) {
  RingKernels k{};
  k.isa = isa;
  fill(k);
  return k;
}
}  // namespace

const RingKernels& ring_kernels(Isa isa) {
  // Each table is filled by code of its own instruction set, so only when it is asked for.
#if defined(__x86_64__)
  if (isa == Isa::Avx2) {
    static const RingKernels kTable = filled(isa, avx2::fill);
    return kTable;
  }
  if (isa == Isa::Avx512) {
    static const RingKernels kTable = filled(isa, avx512::fill);
    return kTable;
  }
#elif defined(__aarch64__)
  if (isa == Isa::Neon) {
    static const RingKernels kTable = filled(isa, neon::fill);
    return kTable;
  }
#endif
  ensure(isa == Isa::Portable, "this machine has no such instruction set");
  static const RingKernels kTable = filled(isa, portable::fill);
  return kTable;
}

}  // namespace tacit
