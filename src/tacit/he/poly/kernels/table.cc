#include "tacit/base/error.h"
#include "tacit/he/poly/kernels/ntt_kernels.h"
#include "tacit/he/poly/kernels/sample_kernels.h"

namespace tacit {

#define TACIT_FILLS(isa)         \
  namespace isa {                \
  void fill(he::NttKernels&);    \
  void fill(he::SampleKernels&); \
  }
TACIT_FILLS(portable)
#if defined(__x86_64__)
TACIT_FILLS(avx2)
TACIT_FILLS(avx512)
#elif defined(__aarch64__)
TACIT_FILLS(neon)
#endif
#undef TACIT_FILLS

namespace he {

namespace {

template <class Kernels>
Kernels filled(void (*fill)(Kernels&)) {
  Kernels k{};
  fill(k);
  return k;
}

template <class Kernels>
const Kernels& kernels(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::Avx2) {
    static const Kernels kTable = filled<Kernels>(avx2::fill);
    return kTable;
  }
  if (isa == Isa::Avx512) {
    static const Kernels kTable = filled<Kernels>(avx512::fill);
    return kTable;
  }
#elif defined(__aarch64__)
  if (isa == Isa::Neon) {
    static const Kernels kTable = filled<Kernels>(neon::fill);
    return kTable;
  }
#endif
  ensure(isa == Isa::Portable, "this machine has no such instruction set");
  static const Kernels kTable = filled<Kernels>(portable::fill);
  return kTable;
}

}  // namespace

const NttKernels& ntt_kernels(Isa isa) { return kernels<NttKernels>(isa); }
const SampleKernels& sample_kernels(Isa isa) { return kernels<SampleKernels>(isa); }

}  // namespace he
}  // namespace tacit
