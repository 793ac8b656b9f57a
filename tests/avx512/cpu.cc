// In place of base/cpu.cc: a processor that runs all that is emulated here.
#include "tacit/base/cpu.h"

namespace tacit {

std::string_view to_string(Isa isa) {
  return isa == Isa::Portable ? "portable" : isa == Isa::Avx2 ? "avx2" : "avx512";
}
std::vector<Isa> runnable_isas() { return {Isa::Portable, Isa::Avx2, Isa::Avx512}; }
Isa detect_isa() { return Isa::Avx512; }
bool has_vaes() { return true; }
bool has_vpclmul() { return true; }
bool has_fast_mullo64() { return false; }
std::string cpu_model() { return "emulated"; }

}  // namespace tacit
