#include "tacit/base/error.h"
#include "tacit/runtime/kernels/kernels.h"

namespace tacit {

namespace portable {
void fill(runtime::FloatKernels&);
}
#if defined(__x86_64__)
namespace avx2 {
void fill(runtime::FloatKernels&);
}
namespace avx512 {
void fill(runtime::FloatKernels&);
}
#elif defined(__aarch64__)
namespace neon {
void fill(runtime::FloatKernels&);
}
#endif

namespace runtime {

namespace {
FloatKernels filled(Isa isa, void (*fill)(FloatKernels&)) {
  FloatKernels k{};
  k.isa = isa;
  fill(k);
  return k;
}
}  // namespace

const FloatKernels& float_kernels(Isa isa) {
  // Each table is filled by code of its own instruction set, so only when it is asked for.
#if defined(__x86_64__)
  if (isa == Isa::Avx2) {
    static const FloatKernels kTable = filled(isa, avx2::fill);
    return kTable;
  }
  if (isa == Isa::Avx512) {
    static const FloatKernels kTable = filled(isa, avx512::fill);
    return kTable;
  }
#elif defined(__aarch64__)
  if (isa == Isa::Neon) {
    static const FloatKernels kTable = filled(isa, neon::fill);
    return kTable;
  }
#endif
  ensure(isa == Isa::Portable, "this machine has no such instruction set");
  static const FloatKernels kTable = filled(isa, portable::fill);
  return kTable;
}

}  // namespace runtime
}  // namespace tacit
