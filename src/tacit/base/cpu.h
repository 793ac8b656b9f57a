// Which instruction set the kernels run on, asked of the machine once and then passed along.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tacit {

/// Each value names one compilation of every kernels file. `Avx512` needs F, BW, DQ, VL, IFMA, VNNI, VBMI,
/// GFNI and VAES (Ice Lake, Zen 4 and later); `Avx2` needs AVX2, BMI2 and AES-NI.
enum class Isa { Portable, Avx2, Avx512, Neon };

std::string_view to_string(Isa isa);
/// The best that this machine runs.
Isa detect_isa();
/// All that this machine runs, Portable first: what the kernel tests iterate.
std::vector<Isa> runnable_isas();
/// True where AES works on registers of two blocks (VAES), which some processors have without AVX-512.
bool has_vaes();
/// The same of products of polynomials over F_2 (VPCLMULQDQ).
bool has_vpclmul();
/// True on processors whose 64-bit vector multiply is one instruction of full throughput (AMD Zen 4 and
/// later); elsewhere the 52-bit multiply-add is the faster way to a 64-bit product.
bool has_fast_mullo64();
/// The processor's own name, for reports.
std::string cpu_model();

}  // namespace tacit
