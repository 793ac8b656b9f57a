#include "tacit/base/error.h"
#include "tacit/ot/kernels/ot_kernels.h"

namespace tacit {

#define TACIT_DECLARE(isa)            \
  namespace isa {                     \
  void fill_bits(ot::OtKernels&);     \
  void fill_products(ot::OtKernels&); \
  }
TACIT_DECLARE(portable)
#if defined(__x86_64__)
TACIT_DECLARE(avx2)
TACIT_DECLARE(avx512)
#elif defined(__aarch64__)
TACIT_DECLARE(neon)
#endif
#undef TACIT_DECLARE

namespace ot {

namespace {
OtKernels filled(void (*bits)(OtKernels&), void (*products)(OtKernels&)) {
  OtKernels k{};
  bits(k);
  products(k);
  return k;
}
}  // namespace

const OtKernels& ot_kernels(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::Avx2) {
    static const OtKernels kTable = filled(avx2::fill_bits, avx2::fill_products);
    return kTable;
  }
  if (isa == Isa::Avx512) {
    static const OtKernels kTable = filled(avx512::fill_bits, avx512::fill_products);
    return kTable;
  }
#elif defined(__aarch64__)
  if (isa == Isa::Neon) {
    static const OtKernels kTable = filled(neon::fill_bits, neon::fill_products);
    return kTable;
  }
#endif
  ensure(isa == Isa::Portable, "this machine has no such instruction set");
  static const OtKernels kTable = filled(portable::fill_bits, portable::fill_products);
  return kTable;
}

}  // namespace ot
}  // namespace tacit
