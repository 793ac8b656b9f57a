// See kernels.h; matrix products are in gemm.isa.cc. Compiled once for each instruction set; plain loops are
// left to the compiler's vectoriser, the transposes are not.
#include <stddef.h>
#include <stdint.h>

#include "tacit/ring/kernels/kernels.h"
#if defined(TACIT_ISA_AVX2) || defined(TACIT_ISA_AVX512)
#include <immintrin.h>
#endif

namespace tacit::TACIT_ISA {
namespace {

void add(size_t n, const Word* a, const Word* b, Word* out) {
  for (size_t i = 0; i < n; ++i) out[i] = a[i] + b[i];
}
void sub(size_t n, const Word* a, const Word* b, Word* out) {
  for (size_t i = 0; i < n; ++i) out[i] = a[i] - b[i];
}
void negate(size_t n, const Word* a, Word* out) {
  for (size_t i = 0; i < n; ++i) out[i] = 0 - a[i];
}
void mul(size_t n, const Word* a, const Word* b, Word* out) {
  for (size_t i = 0; i < n; ++i) out[i] = a[i] * b[i];
}
void scale(size_t n, const Word* a, Word factor, Word* out) {
  for (size_t i = 0; i < n; ++i) out[i] = a[i] * factor;
}
void add_scalar(size_t n, const Word* a, Word addend, Word* out) {
  for (size_t i = 0; i < n; ++i) out[i] = a[i] + addend;
}
template <bool kSum, bool kA2, bool kB2>
void mul_add_of(size_t n, const Word* sum, const Word* a, const Word* a2, const Word* b, const Word* b2,
                Word* out) {
  for (size_t i = 0; i < n; ++i) {
    const Word x = a[i] + (kA2 ? a2[i] : 0), y = b[i] + (kB2 ? b2[i] : 0);
    out[i] = x * y + (kSum ? sum[i] : 0);
  }
}
void mul_add(size_t n, const Word* sum, const Word* a, const Word* a2, const Word* b, const Word* b2,
             Word* out) {
  auto with = [&](auto body) { body(n, sum, a, a2, b, b2, out); };
  switch ((sum != nullptr) << 2 | (a2 != nullptr) << 1 | (b2 != nullptr)) {
    case 0:
      return with(mul_add_of<false, false, false>);
    case 1:
      return with(mul_add_of<false, false, true>);
    case 2:
      return with(mul_add_of<false, true, false>);
    case 3:
      return with(mul_add_of<false, true, true>);
    case 4:
      return with(mul_add_of<true, false, false>);
    case 5:
      return with(mul_add_of<true, false, true>);
    case 6:
      return with(mul_add_of<true, true, false>);
    default:
      return with(mul_add_of<true, true, true>);
  }
}
void bit_xor(size_t n, const Word* a, const Word* b, Word* out) {
  for (size_t i = 0; i < n; ++i) out[i] = a[i] ^ b[i];
}
void bit_and(size_t n, const Word* a, const Word* b, Word* out) {
  for (size_t i = 0; i < n; ++i) out[i] = a[i] & b[i];
}
void xor_and(size_t n, const Word* a, const Word* b, Word* out) {
  for (size_t i = 0; i < n; ++i) out[i] ^= a[i] & b[i];
}

// ---- 64x64 bit transposes ---------------------------------------------------------------------------------
// transpose64: bit c of row r goes to bit r of row c.

#if defined(TACIT_ISA_AVX512)

/// Byte 8b + k of the result is byte b of row 7 - k: what GFNI wants of a matrix that it is to transpose.
struct GatherColumns {
  alignas(64) uint8_t index[64];
  constexpr GatherColumns() : index() {
    for (int b = 0; b < 8; ++b)
      for (int k = 0; k < 8; ++k) index[8 * b + k] = static_cast<uint8_t>(8 * (7 - k) + b);
  }
};
constexpr GatherColumns kGatherColumns;

void transpose64(const Word* in, Word* out) {
  // Eight registers of eight rows each. Within a register, lane b gets byte b of the eight rows, and each
  // lane, an 8x8 bit matrix, is transposed by GFNI (the identity times the matrix). Then r[i], lane b, byte k
  // holds bits 8i..8i+7 of output row 8b + k, and what is left is a transposition of bytes.
  const __m512i gather = _mm512_load_si512(kGatherColumns.index);
  const __m512i identity = _mm512_set1_epi64(static_cast<long long>(0x8040201008040201ull));
  __m512i r[8], t[8], u[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) {
    const __m512i columns = _mm512_permutexvar_epi8(gather, _mm512_loadu_si512(in + 8 * i));
    r[i] = _mm512_gf2p8affine_epi64_epi8(identity, columns, 0);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm512_unpacklo_epi8(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi8(r[i], r[i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4)
#pragma GCC unroll 2
    for (int k = 0; k < 2; ++k) {
      u[i + 2 * k] = _mm512_unpacklo_epi16(t[i + k], t[i + 2 + k]);
      u[i + 2 * k + 1] = _mm512_unpackhi_epi16(t[i + k], t[i + 2 + k]);
    }
#pragma GCC unroll 4
  for (int q = 0; q < 4; ++q) {
    t[2 * q] = _mm512_unpacklo_epi32(u[q], u[4 + q]);
    t[2 * q + 1] = _mm512_unpackhi_epi32(u[q], u[4 + q]);
  }
  // t[j], 128-bit lane l: rows 16l + 2j and 16l + 2j + 1. Rows 8m..8m+7 with m = 2l + h are lane l of
  // t[4h]..t[4h + 3].
#pragma GCC unroll 2
  for (int h = 0; h < 2; ++h) {
    const __m512i a = _mm512_shuffle_i32x4(t[4 * h], t[4 * h + 1], 0x44);  // lanes 0 1 of both
    const __m512i b = _mm512_shuffle_i32x4(t[4 * h], t[4 * h + 1], 0xee);  // lanes 2 3
    const __m512i c = _mm512_shuffle_i32x4(t[4 * h + 2], t[4 * h + 3], 0x44);
    const __m512i d = _mm512_shuffle_i32x4(t[4 * h + 2], t[4 * h + 3], 0xee);
    _mm512_storeu_si512(out + 8 * (0 + h), _mm512_shuffle_i32x4(a, c, 0x88));
    _mm512_storeu_si512(out + 8 * (2 + h), _mm512_shuffle_i32x4(a, c, 0xdd));
    _mm512_storeu_si512(out + 8 * (4 + h), _mm512_shuffle_i32x4(b, d, 0x88));
    _mm512_storeu_si512(out + 8 * (6 + h), _mm512_shuffle_i32x4(b, d, 0xdd));
  }
}

#else

void transpose64(const Word* in, Word* out) {
  Word a[64];
  for (int i = 0; i < 64; ++i) a[i] = in[i];
  Word mask = 0x00000000ffffffffull;
  for (unsigned j = 32; j != 0; j >>= 1, mask ^= mask << j)
    for (unsigned base = 0; base < 64; base += 2 * j)
      for (unsigned k = base; k < base + j; ++k) {
        const Word t = ((a[k] >> j) ^ a[k + j]) & mask;
        a[k] ^= t << j;
        a[k + j] ^= t;
      }
  for (int i = 0; i < 64; ++i) out[i] = a[i];
}

#endif

void to_planes(size_t groups, const Word* words, unsigned low, unsigned bits, Word* out, size_t stride) {
  for (size_t g = 0; g < groups; ++g) {
    Word t[64];
    transpose64(words + 64 * g, t);
    for (unsigned p = 0; p < bits; ++p) out[p * stride + g] = t[low + p];
  }
}
void from_planes(size_t groups, const Word* planes, size_t stride, unsigned bits, Word* words) {
  for (size_t g = 0; g < groups; ++g) {
    Word t[64];
    for (unsigned p = 0; p < 64; ++p) t[p] = p < bits ? planes[p * stride + g] : 0;
    transpose64(t, words + 64 * g);
  }
}

}  // namespace

void fill_gemm(RingKernels& k);  // gemm.isa.cc

void fill(RingKernels& k) {
  k.add = add;
  k.sub = sub;
  k.negate = negate;
  k.mul = mul;
  k.scale = scale;
  k.add_scalar = add_scalar;
  k.mul_add = mul_add;
  k.bit_xor = bit_xor;
  k.bit_and = bit_and;
  k.xor_and = xor_and;
  k.to_planes = to_planes;
  k.from_planes = from_planes;
  fill_gemm(k);
}

}  // namespace tacit::TACIT_ISA
