// Four (or eight) doubles at a time, by the names that transforms need, on each instruction set that has
// fused multiply-add. Included by files that are compiled once for each set; nothing here may be shared
// between them.
#pragma once

#include <stddef.h>
#include <stdint.h>

#if defined(TACIT_ISA_AVX2) || defined(TACIT_ISA_AVX512)
#include <immintrin.h>
#elif defined(TACIT_ISA_NEON)
#include <arm_neon.h>
#endif

namespace tacit::TACIT_ISA {
namespace {

#if defined(TACIT_ISA_AVX2) || defined(TACIT_ISA_AVX512)

struct Four {
  static constexpr size_t kLanes = 4;
  __m256d v;

  static Four load(const double* p) { return {_mm256_loadu_pd(p)}; }
  static Four all(double x) { return {_mm256_set1_pd(x)}; }
  void store(double* p) const { _mm256_storeu_pd(p, v); }
  /// Words below 2^52, and back.
  static Four from_words(const uint64_t* p) {
    const __m256i magic = _mm256_set1_epi64x(0x4330000000000000);
    const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    return {_mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(x, magic)), _mm256_castsi256_pd(magic))};
  }
  void to_words(uint64_t* p) const {
    const __m256i magic = _mm256_set1_epi64x(0x4330000000000000);
    const __m256d x = _mm256_add_pd(v, _mm256_castsi256_pd(magic));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm256_xor_si256(_mm256_castpd_si256(x), magic));
  }
  /// Signed words of size below 2^51.
  static Four from_signed(const uint64_t* p) {
    const __m256i magic = _mm256_set1_epi64x(0x4338000000000000);
    const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    return {_mm256_sub_pd(_mm256_castsi256_pd(_mm256_add_epi64(x, magic)), _mm256_castsi256_pd(magic))};
  }
  static Four from_bytes(const int8_t* p) {
    int32_t x;
    __builtin_memcpy(&x, p, sizeof x);
    return {_mm256_cvtepi32_pd(_mm_cvtepi8_epi32(_mm_cvtsi32_si128(x)))};
  }
  static Four from_halves(const double* low, const double* high) {
    return {_mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(low)), _mm_loadu_pd(high), 1)};
  }
  /// Whole numbers that were raised by 2^52, as the bits of words.
  Four lowered() const { return {_mm256_xor_pd(v, _mm256_set1_pd(0x1p52))}; }
  friend Four operator+(Four a, Four b) { return {_mm256_add_pd(a.v, b.v)}; }
  friend Four operator-(Four a, Four b) { return {_mm256_sub_pd(a.v, b.v)}; }
  friend Four operator*(Four a, Four b) { return {_mm256_mul_pd(a.v, b.v)}; }
  friend Four fma(Four a, Four b, Four c) { return {_mm256_fmadd_pd(a.v, b.v, c.v)}; }    // ab + c
  friend Four fms(Four a, Four b, Four c) { return {_mm256_fmsub_pd(a.v, b.v, c.v)}; }    // ab - c
  friend Four fnma(Four a, Four b, Four c) { return {_mm256_fnmadd_pd(a.v, b.v, c.v)}; }  // c - ab
  /// x where a < 0, else 0.
  friend Four where_negative(Four a, Four x) {
    return {_mm256_and_pd(_mm256_cmp_pd(a.v, _mm256_setzero_pd(), _CMP_LT_OQ), x.v)};
  }
};

/// The matrix of these rows, transposed.
inline void transpose(Four x[4]) {
  const __m256d a = _mm256_unpacklo_pd(x[0].v, x[1].v), b = _mm256_unpackhi_pd(x[0].v, x[1].v);
  const __m256d c = _mm256_unpacklo_pd(x[2].v, x[3].v), d = _mm256_unpackhi_pd(x[2].v, x[3].v);
  x[0].v = _mm256_permute2f128_pd(a, c, 0x20);
  x[1].v = _mm256_permute2f128_pd(b, d, 0x20);
  x[2].v = _mm256_permute2f128_pd(a, c, 0x31);
  x[3].v = _mm256_permute2f128_pd(b, d, 0x31);
}
/// The same of sixteen numbers in memory; halves of registers are loads, and cost no shuffle.
inline void load_transposed(Four x[4], const double* p) {
  const __m256d a = Four::from_halves(p, p + 8).v, b = Four::from_halves(p + 4, p + 12).v;
  const __m256d c = Four::from_halves(p + 2, p + 10).v, d = Four::from_halves(p + 6, p + 14).v;
  x[0].v = _mm256_unpacklo_pd(a, b), x[1].v = _mm256_unpackhi_pd(a, b);
  x[2].v = _mm256_unpacklo_pd(c, d), x[3].v = _mm256_unpackhi_pd(c, d);
}

#elif defined(TACIT_ISA_NEON)

struct Four {
  static constexpr size_t kLanes = 4;
  float64x2_t v, w;

  static Four load(const double* p) { return {vld1q_f64(p), vld1q_f64(p + 2)}; }
  static Four all(double x) { return {vdupq_n_f64(x), vdupq_n_f64(x)}; }
  void store(double* p) const { vst1q_f64(p, v), vst1q_f64(p + 2, w); }
  static Four from_words(const uint64_t* p) {
    return {vcvtq_f64_u64(vld1q_u64(p)), vcvtq_f64_u64(vld1q_u64(p + 2))};
  }
  void to_words(uint64_t* p) const { vst1q_u64(p, vcvtq_u64_f64(v)), vst1q_u64(p + 2, vcvtq_u64_f64(w)); }
  static Four from_signed(const uint64_t* p) {
    return {vcvtq_f64_s64(vreinterpretq_s64_u64(vld1q_u64(p))),
            vcvtq_f64_s64(vreinterpretq_s64_u64(vld1q_u64(p + 2)))};
  }
  static Four from_bytes(const int8_t* p) {
    const int64_t x[4] = {p[0], p[1], p[2], p[3]};
    return {vcvtq_f64_s64(vld1q_s64(x)), vcvtq_f64_s64(vld1q_s64(x + 2))};
  }
  Four lowered() const {
    const uint64x2_t magic = vdupq_n_u64(0x4330000000000000);
    return {vreinterpretq_f64_u64(veorq_u64(vreinterpretq_u64_f64(v), magic)),
            vreinterpretq_f64_u64(veorq_u64(vreinterpretq_u64_f64(w), magic))};
  }
  friend Four operator+(Four a, Four b) { return {vaddq_f64(a.v, b.v), vaddq_f64(a.w, b.w)}; }
  friend Four operator-(Four a, Four b) { return {vsubq_f64(a.v, b.v), vsubq_f64(a.w, b.w)}; }
  friend Four operator*(Four a, Four b) { return {vmulq_f64(a.v, b.v), vmulq_f64(a.w, b.w)}; }
  friend Four fma(Four a, Four b, Four c) { return {vfmaq_f64(c.v, a.v, b.v), vfmaq_f64(c.w, a.w, b.w)}; }
  friend Four fms(Four a, Four b, Four c) {
    return {vfmaq_f64(vnegq_f64(c.v), a.v, b.v), vfmaq_f64(vnegq_f64(c.w), a.w, b.w)};
  }
  friend Four fnma(Four a, Four b, Four c) { return {vfmsq_f64(c.v, a.v, b.v), vfmsq_f64(c.w, a.w, b.w)}; }
  friend Four where_negative(Four a, Four x) {
    auto half = [](float64x2_t s, float64x2_t y) {
      return vreinterpretq_f64_u64(vandq_u64(vcltzq_f64(s), vreinterpretq_u64_f64(y)));
    };
    return {half(a.v, x.v), half(a.w, x.w)};
  }
};

inline void transpose(Four x[4]) {
  const Four a = x[0], b = x[1], c = x[2], d = x[3];
  x[0] = {vzip1q_f64(a.v, b.v), vzip1q_f64(c.v, d.v)};
  x[1] = {vzip2q_f64(a.v, b.v), vzip2q_f64(c.v, d.v)};
  x[2] = {vzip1q_f64(a.w, b.w), vzip1q_f64(c.w, d.w)};
  x[3] = {vzip2q_f64(a.w, b.w), vzip2q_f64(c.w, d.w)};
}
inline void load_transposed(Four x[4], const double* p) {
  for (int i = 0; i < 4; ++i) x[i] = Four::load(p + 4 * i);
  transpose(x);
}

#endif

#if defined(TACIT_ISA_AVX512)

struct Eight {
  static constexpr size_t kLanes = 8;
  __m512d v;

  static Eight load(const double* p) { return {_mm512_loadu_pd(p)}; }
  static Eight all(double x) { return {_mm512_set1_pd(x)}; }
  void store(double* p) const { _mm512_storeu_pd(p, v); }
  static Eight from_words(const uint64_t* p) { return {_mm512_cvtepu64_pd(_mm512_loadu_si512(p))}; }
  void to_words(uint64_t* p) const { _mm512_storeu_si512(p, _mm512_cvtpd_epu64(v)); }
  static Eight from_signed(const uint64_t* p) { return {_mm512_cvtepi64_pd(_mm512_loadu_si512(p))}; }
  static Eight from_bytes(const int8_t* p) {
    return {_mm512_cvtepi32_pd(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))))};
  }
  Eight lowered() const { return {_mm512_xor_pd(v, _mm512_set1_pd(0x1p52))}; }
  friend Eight operator+(Eight a, Eight b) { return {_mm512_add_pd(a.v, b.v)}; }
  friend Eight operator-(Eight a, Eight b) { return {_mm512_sub_pd(a.v, b.v)}; }
  friend Eight operator*(Eight a, Eight b) { return {_mm512_mul_pd(a.v, b.v)}; }
  friend Eight fma(Eight a, Eight b, Eight c) { return {_mm512_fmadd_pd(a.v, b.v, c.v)}; }
  friend Eight fms(Eight a, Eight b, Eight c) { return {_mm512_fmsub_pd(a.v, b.v, c.v)}; }
  friend Eight fnma(Eight a, Eight b, Eight c) { return {_mm512_fnmadd_pd(a.v, b.v, c.v)}; }
  friend Eight where_negative(Eight a, Eight x) {
    return {_mm512_maskz_mov_pd(_mm512_cmp_pd_mask(a.v, _mm512_setzero_pd(), _CMP_LT_OQ), x.v)};
  }
};
using Widest = Eight;

#elif defined(TACIT_ISA_AVX2) || defined(TACIT_ISA_NEON)

using Widest = Four;

#endif

}  // namespace
}  // namespace tacit::TACIT_ISA
