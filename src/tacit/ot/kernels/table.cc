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
namespace avx2 {
void fill_wide_products(ot::OtKernels&);
}
namespace avx512 {
void fill_wide_products(ot::OtKernels&);
}
#elif defined(__aarch64__)
TACIT_DECLARE(neon)
#endif
#undef TACIT_DECLARE

namespace ot {

namespace {
using Fill = void (*)(OtKernels&);
OtKernels filled(std::initializer_list<Fill> parts) {
  OtKernels k{};
  for (const Fill fill : parts) fill(k);
  return k;
}
}  // namespace

std::vector<const OtKernels*> all_ot_kernels(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::Avx2) {
    static const OtKernels kPlain = filled({avx2::fill_bits, avx2::fill_products}),
                           kWide = filled({avx2::fill_bits, avx2::fill_products, avx2::fill_wide_products});
    if (has_vpclmul()) return {&kWide, &kPlain};
    return {&kPlain};
  }
  if (isa == Isa::Avx512) {
    static const OtKernels kPlain = filled({avx512::fill_bits, avx512::fill_products}),
                           kWide =
                               filled({avx512::fill_bits, avx512::fill_products, avx512::fill_wide_products});
    if (has_vpclmul()) return {&kWide, &kPlain};
    return {&kPlain};
  }
#elif defined(__aarch64__)
  if (isa == Isa::Neon) {
    static const OtKernels kTable = filled({neon::fill_bits, neon::fill_products});
    return {&kTable};
  }
#endif
  ensure(isa == Isa::Portable, "this machine has no such instruction set");
  static const OtKernels kTable = filled({portable::fill_bits, portable::fill_products});
  return {&kTable};
}

const OtKernels& ot_kernels(Isa isa) { return *all_ot_kernels(isa).front(); }

}  // namespace ot
}  // namespace tacit
