#include "tacit/mpc/protocols/aby3/kernels.h"

#include "tacit/base/error.h"

namespace tacit {

namespace portable {
void fill(aby3::Kernels&);
}
#if defined(__x86_64__)
namespace avx2 {
void fill(aby3::Kernels&);
}
namespace avx512 {
void fill(aby3::Kernels&);
}
#elif defined(__aarch64__)
namespace neon {
void fill(aby3::Kernels&);
}
#endif

namespace aby3 {

namespace {
Kernels filled(void (*fill)(Kernels&)) {
  Kernels k{};
  fill(k);
  return k;
}
}  // namespace

const Kernels& kernels(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::Avx2) {
    static const Kernels kTable = filled(avx2::fill);
    return kTable;
  }
  if (isa == Isa::Avx512) {
    static const Kernels kTable = filled(avx512::fill);
    return kTable;
  }
#elif defined(__aarch64__)
  if (isa == Isa::Neon) {
    static const Kernels kTable = filled(neon::fill);
    return kTable;
  }
#endif
  ensure(isa == Isa::Portable, "this machine has no such instruction set");
  static const Kernels kTable = filled(portable::fill);
  return kTable;
}

}  // namespace aby3
}  // namespace tacit
