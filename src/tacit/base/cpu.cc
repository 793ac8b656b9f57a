#include "tacit/base/cpu.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <fstream>

namespace tacit {

std::string_view to_string(Isa isa) {
  switch (isa) {
    case Isa::Portable:
      return "portable";
    case Isa::Avx2:
      return "avx2";
    case Isa::Avx512:
      return "avx512";
    case Isa::Neon:
      return "neon";
  }
  return "?";
}

#if defined(__x86_64__)
namespace {
bool has_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul");
}
bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512ifma") && __builtin_cpu_supports("avx512vnni") &&
         __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("gfni") && has_vaes();
}
}  // namespace
std::vector<Isa> runnable_isas() {
  std::vector<Isa> all{Isa::Portable};
  if (has_avx2()) all.push_back(Isa::Avx2);
  if (has_avx512()) all.push_back(Isa::Avx512);
  return all;
}
namespace {
/// By the processor's own word: clang 14 has no name for these.
bool has_beside_avx2(unsigned bit) {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return has_avx2() && __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (c & bit) != 0;
}
}  // namespace
bool has_vaes() { return has_beside_avx2(bit_VAES); }
bool has_vpclmul() { return has_beside_avx2(bit_VPCLMULQDQ); }
bool has_fast_mullo64() { return __builtin_cpu_is("amd"); }
#elif defined(__aarch64__)
std::vector<Isa> runnable_isas() { return {Isa::Portable, Isa::Neon}; }
bool has_vaes() { return false; }
bool has_vpclmul() { return false; }
bool has_fast_mullo64() { return false; }
#else
std::vector<Isa> runnable_isas() { return {Isa::Portable}; }
bool has_vaes() { return false; }
bool has_vpclmul() { return false; }
bool has_fast_mullo64() { return false; }
#endif

Isa detect_isa() {
  static const Isa best = runnable_isas().back();  // virtual machines are slow to tell
  return best;
}

std::string cpu_model() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  return "unknown processor";
}

}  // namespace tacit
