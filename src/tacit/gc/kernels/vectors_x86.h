// Vectors of blocks for gates.isa.cc: two in a register with VAES, two in two registers without, and four
// with AVX-512.
#pragma once

#include <immintrin.h>

namespace tacit::TACIT_ISA {
namespace {

// Only functions that the table offers where the processor has VAES use this one.
struct Vaes {
  static constexpr size_t kBlocks = 2;
  __m256i v;

  static Vaes load(const void* p) { return {_mm256_loadu_si256(static_cast<const __m256i*>(p))}; }
  static Vaes load_one(const void* p) {
    return {_mm256_zextsi128_si256(_mm_loadu_si128(static_cast<const __m128i*>(p)))};
  }
  static Vaes load_some(const void* p, size_t) { return load_one(p); }
  static Vaes each(const void* p) {
    return {_mm256_broadcastsi128_si256(_mm_loadu_si128(static_cast<const __m128i*>(p)))};
  }
  static Vaes of(const void* a, const void* b) {
    return {_mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(static_cast<const __m128i*>(a))),
                                    _mm_loadu_si128(static_cast<const __m128i*>(b)), 1)};
  }
  /// (first, 0), (first + 1, 0), ...
  static Vaes numbers(uint64_t first) {
    const long long f = static_cast<long long>(first);
    return {_mm256_set_epi64x(0, f + 1, 0, f)};
  }
  static Vaes upper_only() { return {_mm256_set_epi64x(-1, -1, 0, 0)}; }
  void store(void* p) const { _mm256_storeu_si256(static_cast<__m256i*>(p), v); }
  void store_one(void* p) const { _mm_storeu_si128(static_cast<__m128i*>(p), _mm256_castsi256_si128(v)); }
  void store_some(void* p, size_t) const { store_one(p); }
  friend Vaes operator^(Vaes a, Vaes b) { return {_mm256_xor_si256(a.v, b.v)}; }
  friend Vaes operator&(Vaes a, Vaes b) { return {_mm256_and_si256(a.v, b.v)}; }
  Vaes swapped() const { return {_mm256_permute4x64_epi64(v, 0x4e)}; }
  /// s of each block.
  Vaes mixed() const {
    return {_mm256_xor_si256(_mm256_shuffle_epi32(v, 0x4e),
                             _mm256_and_si256(v, _mm256_set_epi64x(-1, 0, -1, 0)))};
  }
  /// All ones where a block's lowest bit is 1.
  Vaes colours() const {
    return {_mm256_shuffle_epi32(_mm256_srai_epi32(_mm256_slli_epi64(v, 63), 31), 0x55)};
  }
  Vaes round(Vaes key) const { return {_mm256_aesenc_epi128(v, key.v)}; }
  Vaes last(Vaes key) const { return {_mm256_aesenclast_epi128(v, key.v)}; }
  /// The next round key of each key; `rcon` stands in the lowest byte of every 32-bit word.
  Vaes next_key(uint32_t rcon) const {
    const __m256i rotate = _mm256_set1_epi32(0x0c0f0e0d);  // the last word's bytes, turned by one
    const __m256i t =
        _mm256_aesenclast_epi128(_mm256_shuffle_epi8(v, rotate), _mm256_set1_epi32(static_cast<int>(rcon)));
    const __m256i x = _mm256_xor_si256(v, _mm256_slli_si256(v, 4));
    return {_mm256_xor_si256(_mm256_xor_si256(x, _mm256_slli_si256(x, 8)), t)};
  }
};

struct TwoXmm {
  static constexpr size_t kBlocks = 2;
  __m128i a, b;

  static __m128i at(const void* p) { return _mm_loadu_si128(static_cast<const __m128i*>(p)); }
  static TwoXmm load(const void* p) { return {at(p), at(static_cast<const char*>(p) + 16)}; }
  static TwoXmm load_one(const void* p) { return {at(p), _mm_setzero_si128()}; }
  static TwoXmm load_some(const void* p, size_t) { return load_one(p); }
  static TwoXmm each(const void* p) { return {at(p), at(p)}; }
  static TwoXmm of(const void* p, const void* q) { return {at(p), at(q)}; }
  static TwoXmm numbers(uint64_t first) {
    const long long f = static_cast<long long>(first);
    return {_mm_set_epi64x(0, f), _mm_set_epi64x(0, f + 1)};
  }
  static TwoXmm upper_only() { return {_mm_setzero_si128(), _mm_set1_epi64x(-1)}; }
  void store(void* p) const {
    store_one(p);
    _mm_storeu_si128(static_cast<__m128i*>(p) + 1, b);
  }
  void store_one(void* p) const { _mm_storeu_si128(static_cast<__m128i*>(p), a); }
  void store_some(void* p, size_t) const { store_one(p); }
  friend TwoXmm operator^(TwoXmm x, TwoXmm y) { return {_mm_xor_si128(x.a, y.a), _mm_xor_si128(x.b, y.b)}; }
  friend TwoXmm operator&(TwoXmm x, TwoXmm y) { return {_mm_and_si128(x.a, y.a), _mm_and_si128(x.b, y.b)}; }
  TwoXmm swapped() const { return {b, a}; }
  static __m128i mixed_one(__m128i x) {
    return _mm_xor_si128(_mm_shuffle_epi32(x, 0x4e), _mm_and_si128(x, _mm_set_epi64x(-1, 0)));
  }
  TwoXmm mixed() const { return {mixed_one(a), mixed_one(b)}; }
  static __m128i colour_of(__m128i x) {
    return _mm_shuffle_epi32(_mm_srai_epi32(_mm_slli_epi64(x, 63), 31), 0x55);
  }
  TwoXmm colours() const { return {colour_of(a), colour_of(b)}; }
  TwoXmm round(TwoXmm key) const { return {_mm_aesenc_si128(a, key.a), _mm_aesenc_si128(b, key.b)}; }
  TwoXmm last(TwoXmm key) const { return {_mm_aesenclast_si128(a, key.a), _mm_aesenclast_si128(b, key.b)}; }
  static __m128i next_of(__m128i v, uint32_t rcon) {
    const __m128i t = _mm_aesenclast_si128(_mm_shuffle_epi8(v, _mm_set1_epi32(0x0c0f0e0d)),
                                           _mm_set1_epi32(static_cast<int>(rcon)));
    const __m128i x = _mm_xor_si128(v, _mm_slli_si128(v, 4));
    return _mm_xor_si128(_mm_xor_si128(x, _mm_slli_si128(x, 8)), t);
  }
  TwoXmm next_key(uint32_t rcon) const { return {next_of(a, rcon), next_of(b, rcon)}; }
};

#if defined(TACIT_ISA_AVX512)
struct Quad {
  static constexpr size_t kBlocks = 4;
  __m512i v;

  static __mmask8 first(size_t n) { return static_cast<__mmask8>((1u << (2 * n)) - 1); }
  static Quad load(const void* p) { return {_mm512_loadu_si512(p)}; }
  static Quad load_some(const void* p, size_t n) { return {_mm512_maskz_loadu_epi64(first(n), p)}; }
  static Quad each(const void* p) {
    return {_mm512_broadcast_i32x4(_mm_loadu_si128(static_cast<const __m128i*>(p)))};
  }
  static Quad numbers(uint64_t from) {
    const long long f = static_cast<long long>(from);
    return {_mm512_set_epi64(0, f + 3, 0, f + 2, 0, f + 1, 0, f)};
  }
  void store(void* p) const { _mm512_storeu_si512(p, v); }
  void store_some(void* p, size_t n) const { _mm512_mask_storeu_epi64(p, first(n), v); }
  friend Quad operator^(Quad a, Quad b) { return {_mm512_xor_si512(a.v, b.v)}; }
  friend Quad operator&(Quad a, Quad b) { return {_mm512_and_si512(a.v, b.v)}; }
  Quad mixed() const {
    const __m512i turned = _mm512_shuffle_epi32(v, _MM_PERM_BADC);
    return {_mm512_mask_xor_epi64(turned, 0xaa, turned, v)};
  }
  Quad colours() const {
    return {_mm512_shuffle_epi32(_mm512_srai_epi32(_mm512_slli_epi64(v, 63), 31), _MM_PERM_BBBB)};
  }
  Quad round(Quad key) const { return {_mm512_aesenc_epi128(v, key.v)}; }
  Quad last(Quad key) const { return {_mm512_aesenclast_epi128(v, key.v)}; }
};
#endif

}  // namespace
}  // namespace tacit::TACIT_ISA
