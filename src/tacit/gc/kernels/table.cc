#include "tacit/base/error.h"
#include "tacit/gc/kernels/gates.h"

namespace tacit {

namespace portable {
void fill(gc::GateKernels&);
}
#if defined(__x86_64__)
namespace avx2 {
void fill(gc::GateKernels&);
void fill_vaes(gc::GateKernels&);
}  // namespace avx2
namespace avx512 {
void fill(gc::GateKernels&);
}
#elif defined(__aarch64__)
namespace neon {
void fill(gc::GateKernels&);
}
#endif

namespace gc {

namespace {
GateKernels filled(void (*fill)(GateKernels&)) {
  GateKernels k{};
  fill(k);
  return k;
}
}  // namespace

std::vector<const GateKernels*> gate_kernels(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::Avx2) {
    static const GateKernels kPlain = filled(avx2::fill), kVaes = filled(avx2::fill_vaes);
    if (has_vaes()) return {&kVaes, &kPlain};
    return {&kPlain};
  }
  if (isa == Isa::Avx512) {
    static const GateKernels kTable = filled(avx512::fill);
    return {&kTable};
  }
#elif defined(__aarch64__)
  if (isa == Isa::Neon) {
    static const GateKernels kTable = filled(neon::fill);
    return {&kTable};
  }
#endif
  ensure(isa == Isa::Portable, "this machine has no such instruction set");
  static const GateKernels kTable = filled(portable::fill);
  return {&kTable};
}

}  // namespace gc
}  // namespace tacit
