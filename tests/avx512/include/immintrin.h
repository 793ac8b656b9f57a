// The AVX-512 instructions that the kernels use, for a processor that has none: from SIMDe, and what it lacks
// written out, lane by lane, as the instruction's description has it. For tests: slow.
#pragma once

#include_next <immintrin.h>

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#include <stdint.h>
#include <string.h>

namespace emulated {

template <class T>
struct Lanes {
  T at[64 / sizeof(T)];
  static constexpr int kCount = 64 / sizeof(T);
  template <class V>
  static Lanes of(V v) {
    static_assert(sizeof v == sizeof(Lanes));
    Lanes out;
    memcpy(&out, &v, sizeof v);
    return out;
  }
  template <class V>
  V to() const {
    V v;
    memcpy(&v, this, sizeof v);
    return v;
  }
};

template <class To, class From, class Out, class In, class Body>
Out each(In in, Body body) {
  const auto from = Lanes<From>::of(in);
  Lanes<To> out;
  for (int i = 0; i < Lanes<To>::kCount; ++i) out.at[i] = body(from.at[i]);
  return out.template to<Out>();
}

constexpr uint64_t k52 = (uint64_t{1} << 52) - 1;
template <class Body>
__m512i madd52(__m512i c, __m512i a, __m512i b, Body part) {
  auto sum = Lanes<uint64_t>::of(c);
  const auto x = Lanes<uint64_t>::of(a), y = Lanes<uint64_t>::of(b);
  for (int i = 0; i < 8; ++i)
    sum.at[i] += part(static_cast<unsigned __int128>(x.at[i] & k52) * (y.at[i] & k52));
  return sum.to<__m512i>();
}
inline __m512i madd52lo(__m512i c, __m512i a, __m512i b) {
  return madd52(c, a, b, [](unsigned __int128 p) { return static_cast<uint64_t>(p) & k52; });
}
inline __m512i madd52hi(__m512i c, __m512i a, __m512i b) {
  return madd52(c, a, b, [](unsigned __int128 p) { return static_cast<uint64_t>(p >> 52); });
}

/// One instruction of a 128-bit lane for each of the register's.
template <int kBlocks, class V, class Body>
V blocks(V a, V b, Body body) {
  __m128i x[kBlocks], y[kBlocks];
  memcpy(x, &a, sizeof x);
  memcpy(y, &b, sizeof y);
  for (int i = 0; i < kBlocks; ++i) x[i] = body(x[i], y[i]);
  memcpy(&a, x, sizeof x);
  return a;
}
inline __m128i enc(__m128i a, __m128i k) { return _mm_aesenc_si128(a, k); }
inline __m128i last(__m128i a, __m128i k) { return _mm_aesenclast_si128(a, k); }

template <int kWhich>
__m256i carryless(__m256i a, __m256i b) {
  return blocks<2>(a, b, [](__m128i x, __m128i y) { return _mm_clmulepi64_si128(x, y, kWhich); });
}
template <int kOrder>
__m512i shuffle32(__m512i a) {
  return blocks<4>(a, a, [](__m128i x, __m128i) { return _mm_shuffle_epi32(x, kOrder); });
}

inline void mask_store(void* to, __mmask8 mask, __m512i v) {
  const auto words = Lanes<uint64_t>::of(v);
  for (int i = 0; i < 8; ++i)
    if ((mask >> i & 1) != 0) memcpy(static_cast<char*>(to) + 8 * i, &words.at[i], 8);
}
inline __m512i maskz_load(__mmask8 mask, const void* from) {
  Lanes<uint64_t> words{};
  for (int i = 0; i < 8; ++i)
    if ((mask >> i & 1) != 0) memcpy(&words.at[i], static_cast<const char*>(from) + 8 * i, 8);
  return words.to<__m512i>();
}

/// Bit i of byte j is the parity of row 7 - i of the 64-bit matrix and byte j.
inline __m512i affine(__m512i x, __m512i matrix, int constant) {
  const auto in = Lanes<uint8_t>::of(x), rows = Lanes<uint8_t>::of(matrix);
  Lanes<uint8_t> out;
  for (int j = 0; j < 64; ++j) {
    unsigned byte = 0;
    for (int i = 0; i < 8; ++i)
      byte |= static_cast<unsigned>(__builtin_parity(rows.at[j / 8 * 8 + 7 - i] & in.at[j])) << i;
    out.at[j] = static_cast<uint8_t>(byte ^ static_cast<unsigned>(constant));
  }
  return out.to<__m512i>();
}

inline __m512d from_i32(__m256i x) {
  int32_t in[8];
  memcpy(in, &x, sizeof in);
  Lanes<double> out;
  for (int i = 0; i < 8; ++i) out.at[i] = in[i];
  return out.to<__m512d>();
}

}  // namespace emulated

#undef _mm512_gf2p8affine_epi64_epi8
#define _mm512_gf2p8affine_epi64_epi8(x, matrix, constant) emulated::affine(x, matrix, constant)
#define _mm512_madd52lo_epu64(c, a, b) emulated::madd52lo(c, a, b)
#define _mm512_madd52hi_epu64(c, a, b) emulated::madd52hi(c, a, b)
#define _mm256_aesenc_epi128(a, k) emulated::blocks<2>(a, k, emulated::enc)
#define _mm256_aesenclast_epi128(a, k) emulated::blocks<2>(a, k, emulated::last)
#define _mm512_aesenc_epi128(a, k) emulated::blocks<4>(a, k, emulated::enc)
#define _mm512_aesenclast_epi128(a, k) emulated::blocks<4>(a, k, emulated::last)
#undef _mm256_clmulepi64_epi128
#define _mm256_clmulepi64_epi128(a, b, which) emulated::carryless<which>(a, b)
#define _mm512_shuffle_epi32(a, order) emulated::shuffle32<order>(a)
#define _mm512_srai_epi32(a, n) \
  (emulated::each<int32_t, int32_t, __m512i>(a, [](int32_t x) { return x >> (n); }))
#define _mm512_mask_storeu_epi64(to, mask, v) emulated::mask_store(to, mask, v)
#define _mm512_maskz_loadu_epi64(mask, from) emulated::maskz_load(mask, from)
#define _mm512_cvtepi32_pd(x) emulated::from_i32(x)
#define _mm512_cvtepi64_pd(x) \
  (emulated::each<double, int64_t, __m512d>(x, [](int64_t i) { return static_cast<double>(i); }))
#define _mm512_cvtepu64_pd(x) \
  (emulated::each<double, uint64_t, __m512d>(x, [](uint64_t i) { return static_cast<double>(i); }))
#define _mm512_cvtpd_epu64(x)                 \
  (emulated::each<uint64_t, double, __m512i>( \
      x, [](double d) { return static_cast<uint64_t>(__builtin_rint(d)); }))
