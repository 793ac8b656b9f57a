// One or more lanes of sixteen bytes side by side, by the names that transposition needs. Included by files
// that are compiled once for each instruction set; nothing here may be shared between them.
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

#if defined(TACIT_ISA_AVX512)

struct Lanes {
  static constexpr size_t kCount = 4;
  __m512i v;
  static Lanes load(const uint64_t* p) { return {_mm512_loadu_si512(p)}; }
  /// Lane i to p + i·apart.
  void store(uint64_t* p, size_t apart) const {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_castsi512_si128(v));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p + apart), _mm512_extracti32x4_epi32(v, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p + 2 * apart), _mm512_extracti32x4_epi32(v, 2));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p + 3 * apart), _mm512_extracti32x4_epi32(v, 3));
  }
  /// The lower, or upper, eight bytes of each lane of a and b in turn.
  static Lanes low(Lanes a, Lanes b) { return {_mm512_unpacklo_epi8(a.v, b.v)}; }
  static Lanes high(Lanes a, Lanes b) { return {_mm512_unpackhi_epi8(a.v, b.v)}; }
};

#elif defined(TACIT_ISA_AVX2)

struct Lanes {
  static constexpr size_t kCount = 2;
  __m256i v;
  static Lanes load(const uint64_t* p) { return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))}; }
  void store(uint64_t* p, size_t apart) const {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_castsi256_si128(v));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p + apart), _mm256_extracti128_si256(v, 1));
  }
  static Lanes low(Lanes a, Lanes b) { return {_mm256_unpacklo_epi8(a.v, b.v)}; }
  static Lanes high(Lanes a, Lanes b) { return {_mm256_unpackhi_epi8(a.v, b.v)}; }
};

#elif defined(TACIT_ISA_NEON)

struct Lanes {
  static constexpr size_t kCount = 1;
  uint64x2_t v;
  static Lanes load(const uint64_t* p) { return {vld1q_u64(p)}; }
  void store(uint64_t* p, size_t) const { vst1q_u64(p, v); }
  static Lanes low(Lanes a, Lanes b) {
    return {vreinterpretq_u64_u8(vzip1q_u8(vreinterpretq_u8_u64(a.v), vreinterpretq_u8_u64(b.v)))};
  }
  static Lanes high(Lanes a, Lanes b) {
    return {vreinterpretq_u64_u8(vzip2q_u8(vreinterpretq_u8_u64(a.v), vreinterpretq_u8_u64(b.v)))};
  }
};

#else

struct Lanes {
  static constexpr size_t kCount = 1;
  typedef uint64_t Pair __attribute__((vector_size(16)));
  Pair v;
  static Lanes load(const uint64_t* p) { return {Pair{p[0], p[1]}}; }
  void store(uint64_t* p, size_t) const { p[0] = v[0], p[1] = v[1]; }
  /// The bytes of a word, each followed by an empty one.
  static uint64_t spread(uint64_t x) {
    x = (x | x << 16) & 0x0000ffff0000ffff;
    return (x | x << 8) & 0x00ff00ff00ff00ff;
  }
  static Lanes zip(uint64_t a, uint64_t b) {
    return {
        Pair{spread(a & 0xffffffff) | spread(b & 0xffffffff) << 8, spread(a >> 32) | spread(b >> 32) << 8}};
  }
  static Lanes low(Lanes a, Lanes b) { return zip(a.v[0], b.v[0]); }
  static Lanes high(Lanes a, Lanes b) { return zip(a.v[1], b.v[1]); }
};

#endif

/// Exchanges the bits of a under mask << by with those of b under mask, in every word.
template <int by>
inline void exchange(Lanes& a, Lanes& b, uint64_t mask) {
#if defined(TACIT_ISA_AVX512)
  const __m512i m = _mm512_set1_epi64(static_cast<long long>(mask));
  const __m512i t = _mm512_and_si512(_mm512_xor_si512(_mm512_srli_epi64(a.v, by), b.v), m);
  b.v = _mm512_xor_si512(b.v, t);
  a.v = _mm512_xor_si512(a.v, _mm512_slli_epi64(t, by));
#elif defined(TACIT_ISA_AVX2)
  const __m256i m = _mm256_set1_epi64x(static_cast<long long>(mask));
  const __m256i t = _mm256_and_si256(_mm256_xor_si256(_mm256_srli_epi64(a.v, by), b.v), m);
  b.v = _mm256_xor_si256(b.v, t);
  a.v = _mm256_xor_si256(a.v, _mm256_slli_epi64(t, by));
#elif defined(TACIT_ISA_NEON)
  const uint64x2_t t = vandq_u64(veorq_u64(vshrq_n_u64(a.v, by), b.v), vdupq_n_u64(mask));
  b.v = veorq_u64(b.v, t);
  a.v = veorq_u64(a.v, vshlq_n_u64(t, by));
#else
  const Lanes::Pair t = (a.v >> by ^ b.v) & Lanes::Pair{mask, mask};
  b.v ^= t;
  a.v ^= t << by;
#endif
}

}  // namespace
}  // namespace tacit::TACIT_ISA
