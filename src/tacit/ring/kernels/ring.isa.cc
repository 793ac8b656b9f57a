// See kernels.h. Compiled once for each instruction set; plain loops are left to the compiler's vectoriser,
// the transposes and the matrix product are not.
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

// ---- matrix products --------------------------------------------------------------------------------------

/// to[k·width + i] = p[i][k] (+ q[i][k]) for i < 4 and k < kTurn.
#if defined(TACIT_ISA_AVX512)
constexpr size_t kTurn = 8;
void turn4(const Word* const p[4], const Word* const q[4], size_t width, Word* to) {
  __m512i r[4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    r[i] = _mm512_loadu_si512(p[i]);
    if (q != nullptr) r[i] = _mm512_add_epi64(r[i], _mm512_loadu_si512(q[i]));
  }
  // Pairs of rows for even and odd k, two words a lane; then lanes to where their k is.
  const __m512i a = _mm512_unpacklo_epi64(r[0], r[1]), b = _mm512_unpacklo_epi64(r[2], r[3]);
  const __m512i c = _mm512_unpackhi_epi64(r[0], r[1]), d = _mm512_unpackhi_epi64(r[2], r[3]);
  const __m512i ab0 = _mm512_shuffle_i32x4(a, b, 0x44), ab1 = _mm512_shuffle_i32x4(a, b, 0xee);
  const __m512i cd0 = _mm512_shuffle_i32x4(c, d, 0x44), cd1 = _mm512_shuffle_i32x4(c, d, 0xee);
  const __m512i even[2] = {ab0, ab1}, odd[2] = {cd0, cd1};
#pragma GCC unroll 2
  for (int h = 0; h < 2; ++h) {
    // even[h]: lanes a(2h) a(2h+1) b(2h) b(2h+1), where a(j) holds k = 2j
    const __m512i e = _mm512_shuffle_i32x4(even[h], even[h], 0xd8),
                  o = _mm512_shuffle_i32x4(odd[h], odd[h], 0xd8);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + (4 * h + 0) * width), _mm512_castsi512_si256(e));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + (4 * h + 1) * width), _mm512_castsi512_si256(o));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + (4 * h + 2) * width),
                        _mm512_extracti64x4_epi64(e, 1));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + (4 * h + 3) * width),
                        _mm512_extracti64x4_epi64(o, 1));
  }
}
#elif defined(TACIT_ISA_AVX2)
constexpr size_t kTurn = 4;
void turn4(const Word* const p[4], const Word* const q[4], size_t width, Word* to) {
  auto load = [](const Word* from) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)); };
  __m256i r[4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    r[i] = load(p[i]);
    if (q != nullptr) r[i] = _mm256_add_epi64(r[i], load(q[i]));
  }
  const __m256i a = _mm256_unpacklo_epi64(r[0], r[1]), b = _mm256_unpacklo_epi64(r[2], r[3]);
  const __m256i c = _mm256_unpackhi_epi64(r[0], r[1]), d = _mm256_unpackhi_epi64(r[2], r[3]);
  auto store = [&](size_t k, __m256i x) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + k * width), x);
  };
  store(0, _mm256_permute2x128_si256(a, b, 0x20));
  store(1, _mm256_permute2x128_si256(c, d, 0x20));
  store(2, _mm256_permute2x128_si256(a, b, 0x31));
  store(3, _mm256_permute2x128_si256(c, d, 0x31));
}
#else
constexpr size_t kTurn = 4;
void turn4(const Word* const p[4], const Word* const q[4], size_t width, Word* to) {
  for (size_t k = 0; k < kTurn; ++k)
    for (size_t i = 0; i < 4; ++i) to[k * width + i] = p[i][k] + (q == nullptr ? 0 : q[i][k]);
}
#endif

/// Four outer indices that lie apart, over inner indices that mostly lie side by side.
void pack4(const Word* first, const Word* second, const size_t* outer, const size_t* inner, size_t steps,
           size_t width, Word* panel) {
  const Word *p[4], *q[4];
  for (size_t k = 0; k < steps;) {
    size_t run = 1;
    while (k + run < steps && inner[k + run] == inner[k] + run) ++run;
    for (size_t done = 0; done < run;) {
      for (size_t i = 0; i < 4; ++i) {
        p[i] = first + outer[i] + inner[k] + done;
        q[i] = second == nullptr ? nullptr : second + outer[i] + inner[k] + done;
      }
      Word* to = panel + (k + done) * width;
      if (run - done >= kTurn) {
        turn4(p, second == nullptr ? nullptr : q, width, to);
        done += kTurn;
      } else {
        for (size_t i = 0; i < 4; ++i) to[i] = *p[i] + (second == nullptr ? 0 : *q[i]);
        ++done;
      }
    }
    k += run;
  }
}

/// Copies `kRun` words a step (or `run` of them, for kRun 0): whole panels are as wide as a few registers.
template <size_t kRun>
void copy_runs(const Word* p, const Word* q, size_t run, const size_t* inner, size_t steps, size_t width,
               Word* to) {
  const size_t n = kRun == 0 ? run : kRun;
  if (q == nullptr) {
    for (size_t k = 0; k < steps; ++k)
      for (size_t j = 0; j < n; ++j) to[k * width + j] = p[inner[k] + j];
  } else {
    for (size_t k = 0; k < steps; ++k)
      for (size_t j = 0; j < n; ++j) to[k * width + j] = p[inner[k] + j] + q[inner[k] + j];
  }
}

/// As kernels.h says; outer indices that lie side by side are copied together.
void pack(const Word* first, const Word* second, const size_t* outer, size_t count, const size_t* inner,
          size_t steps, size_t width, Word* panel) {
  if (count < width)
    for (size_t k = 0; k < steps; ++k)
      for (size_t i = count; i < width; ++i) panel[k * width + i] = 0;
  for (size_t i = 0; i < count;) {
    size_t run = 1;
    while (i + run < count && outer[i + run] == outer[i] + run) ++run;
    if (run == 1 && i + 4 <= count) {
      pack4(first, second, outer + i, inner, steps, width, panel + i);
      i += 4;
      continue;
    }
    const Word *p = first + outer[i], *q = second == nullptr ? nullptr : second + outer[i];
    Word* to = panel + i;
    if (run == 16)
      copy_runs<16>(p, q, run, inner, steps, width, to);
    else if (run == 8)
      copy_runs<8>(p, q, run, inner, steps, width, to);
    else
      copy_runs<0>(p, q, run, inner, steps, width, to);
    i += run;
  }
}

template <class T, int NR>
void add_tile(const Word* tile, const size_t* row, size_t rows, const size_t* column, size_t columns,
              bool straight, Word* c) {
  const T* t = reinterpret_cast<const T*>(tile);
  for (size_t i = 0; i < rows; ++i, t += NR) {
    T* to = reinterpret_cast<T*>(c + row[i]);
    if (straight) {
      to += column[0];
      for (size_t j = 0; j < NR; ++j) to[j] += t[j];
    } else {
      for (size_t j = 0; j < columns; ++j) to[column[j]] += t[j];
    }
  }
}

size_t no_extra(size_t) { return 0; }
void prepare_nothing(size_t, const Word*, Word*) {}

template <int MR, int NR, class T>
void gemm_plain(size_t kc, const Word* a, const Word*, const Word* b, const Word*, Word* tile) {
  T acc[MR][NR] = {};
  const T* pa = reinterpret_cast<const T*>(a);
  const T* pb = reinterpret_cast<const T*>(b);
  for (size_t k = 0; k < kc; ++k, pa += MR, pb += NR)
    for (int r = 0; r < MR; ++r)
      for (int c = 0; c < NR; ++c) acc[r][c] += pa[r] * pb[c];
  T* out = reinterpret_cast<T*>(tile);
  for (int r = 0; r < MR; ++r)
    for (int c = 0; c < NR; ++c) out[r * NR + c] = acc[r][c];
}

#if defined(TACIT_ISA_AVX512)

// 64-bit products from the 52-bit multiply-add (Intel: two a cycle, where vpmullq takes 1.5 cycles).
// With x = x' + 2^52 x'', the product mod 2^64 is lo52(x'y') + 2^52 (hi52(x'y') + x'y'' + x''y'), and of the
// bracket 12 bits count: the last two terms are a dot product of 16-bit pairs, two steps of k in one
// vpdpwssd. Five instructions do two steps where vpmullq and an addition would take eight.
constexpr int kIfmaRows = 4, kIfmaVectors = 2;

size_t ifma_extra_a(size_t kc) { return (kc + 1) / 2 * kIfmaRows; }
size_t ifma_extra_b(size_t kc) { return (kc + 1) / 2 * kIfmaVectors * 8; }
void ifma_prepare_a(size_t kc, const Word* panel, Word* extra) {
  for (size_t k = 0; k < kc; k += 2)
    for (int r = 0; r < kIfmaRows; ++r) {
      const Word x = panel[k * kIfmaRows + static_cast<size_t>(r)];
      const Word y = k + 1 < kc ? panel[(k + 1) * kIfmaRows + static_cast<size_t>(r)] : 0;
      const Word low = (x & 0xffff) | (x >> 52) << 16, high = (y & 0xffff) | (y >> 52) << 16;
      *extra++ = low | high << 32;
    }
}
void ifma_prepare_b(size_t kc, const Word* panel, Word* extra) {
  constexpr size_t kColumns = 8 * kIfmaVectors;
  for (size_t k = 0; k < kc; k += 2)
    for (size_t c = 0; c < kColumns; ++c) {
      const Word x = panel[k * kColumns + c];
      const Word y = k + 1 < kc ? panel[(k + 1) * kColumns + c] : 0;
      const Word low = (x >> 52) | (x & 0xffff) << 16, high = (y >> 52) | (y & 0xffff) << 16;
      *extra++ = low | high << 32;
    }
}
void ifma_run(size_t kc, const Word* a, const Word* ax, const Word* b, const Word* bx, Word* tile) {
  __m512i lo[kIfmaRows][kIfmaVectors], hi[kIfmaRows][kIfmaVectors], cross[kIfmaRows][kIfmaVectors];
#pragma GCC unroll 4
  for (int r = 0; r < kIfmaRows; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < kIfmaVectors; ++v) lo[r][v] = hi[r][v] = cross[r][v] = _mm512_setzero_si512();
  auto step = [&] {
    const __m512i b0 = _mm512_loadu_si512(b), b1 = _mm512_loadu_si512(b + 8);
#pragma GCC unroll 4
    for (int r = 0; r < kIfmaRows; ++r) {
      const __m512i x = _mm512_set1_epi64(static_cast<long long>(a[r]));
      lo[r][0] = _mm512_madd52lo_epu64(lo[r][0], x, b0);
      lo[r][1] = _mm512_madd52lo_epu64(lo[r][1], x, b1);
      hi[r][0] = _mm512_madd52hi_epu64(hi[r][0], x, b0);
      hi[r][1] = _mm512_madd52hi_epu64(hi[r][1], x, b1);
    }
    a += kIfmaRows;
    b += 8 * kIfmaVectors;
  };
  for (size_t k = 0; k < kc; k += 2) {
    step();
    if (k + 1 < kc) step();
    const __m512i b0 = _mm512_loadu_si512(bx), b1 = _mm512_loadu_si512(bx + 8);
#pragma GCC unroll 4
    for (int r = 0; r < kIfmaRows; ++r) {
      const __m512i x = _mm512_set1_epi64(static_cast<long long>(ax[r]));
      cross[r][0] = _mm512_dpwssd_epi32(cross[r][0], x, b0);
      cross[r][1] = _mm512_dpwssd_epi32(cross[r][1], x, b1);
    }
    ax += kIfmaRows;
    bx += 8 * kIfmaVectors;
  }
#pragma GCC unroll 4
  for (int r = 0; r < kIfmaRows; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < kIfmaVectors; ++v) {
      const __m512i both = _mm512_add_epi64(cross[r][v], _mm512_srli_epi64(cross[r][v], 32));
      const __m512i top = _mm512_slli_epi64(_mm512_add_epi64(hi[r][v], both), 52);
      _mm512_storeu_si512(tile + (r * kIfmaVectors + v) * 8, _mm512_add_epi64(lo[r][v], top));
    }
}
constexpr GemmKernel kGemmIfma{"ifma",         kIfmaRows,    8 * kIfmaVectors,
                               ifma_extra_a,   ifma_extra_b, ifma_prepare_a,
                               ifma_prepare_b, ifma_run,     add_tile<Word, 16>};

constexpr int kMulloRows = 8, kMulloVectors = 2;
void mullo_run(size_t kc, const Word* a, const Word*, const Word* b, const Word*, Word* tile) {
  __m512i acc[kMulloRows][kMulloVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kMulloRows; ++r) acc[r][0] = acc[r][1] = _mm512_setzero_si512();
  for (size_t k = 0; k < kc; ++k, a += kMulloRows, b += 8 * kMulloVectors) {
    const __m512i b0 = _mm512_loadu_si512(b), b1 = _mm512_loadu_si512(b + 8);
#pragma GCC unroll 8
    for (int r = 0; r < kMulloRows; ++r) {
      const __m512i x = _mm512_set1_epi64(static_cast<long long>(a[r]));
      acc[r][0] = _mm512_add_epi64(acc[r][0], _mm512_mullo_epi64(x, b0));
      acc[r][1] = _mm512_add_epi64(acc[r][1], _mm512_mullo_epi64(x, b1));
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kMulloRows; ++r) {
    _mm512_storeu_si512(tile + 16 * r, acc[r][0]);
    _mm512_storeu_si512(tile + 16 * r + 8, acc[r][1]);
  }
}
constexpr GemmKernel kGemmMullo{"mullo",         kMulloRows, 8 * kMulloVectors,
                                no_extra,        no_extra,   prepare_nothing,
                                prepare_nothing, mullo_run,  add_tile<Word, 16>};

void f64_run(size_t kc, const Word* a, const Word*, const Word* b, const Word*, Word* tile) {
  __m512d acc[8][2];
#pragma GCC unroll 8
  for (int r = 0; r < 8; ++r) acc[r][0] = acc[r][1] = _mm512_setzero_pd();
  const double* pa = reinterpret_cast<const double*>(a);
  const double* pb = reinterpret_cast<const double*>(b);
  for (size_t k = 0; k < kc; ++k, pa += 8, pb += 16) {
    const __m512d b0 = _mm512_loadu_pd(pb), b1 = _mm512_loadu_pd(pb + 8);
#pragma GCC unroll 8
    for (int r = 0; r < 8; ++r) {
      const __m512d x = _mm512_set1_pd(pa[r]);
      acc[r][0] = _mm512_fmadd_pd(x, b0, acc[r][0]);
      acc[r][1] = _mm512_fmadd_pd(x, b1, acc[r][1]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < 8; ++r) {
    _mm512_storeu_pd(reinterpret_cast<double*>(tile) + 16 * r, acc[r][0]);
    _mm512_storeu_pd(reinterpret_cast<double*>(tile) + 16 * r + 8, acc[r][1]);
  }
}
constexpr GemmKernel kGemmF64{
    "f64", 8, 16, no_extra, no_extra, prepare_nothing, prepare_nothing, f64_run, add_tile<double, 16>};

#elif defined(TACIT_ISA_AVX2)

// A 64-bit product from 32-bit halves: xl·yl + 2^32 (xl·yh + xh·yl); the bracket is summed apart and shifted
// once at the end. Registers hold half of the tile: the second half finds the A panel in the L1 cache.
void avx2_half(size_t kc, const Word* a, const Word* b, Word* tile) {
  constexpr int kRows = 4;
  __m256i low[kRows], cross[kRows];
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) low[r] = cross[r] = _mm256_setzero_si256();
#pragma GCC unroll 2
  for (size_t k = 0; k < kc; ++k, a += kRows, b += 8) {
    const __m256i y = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b));
    const __m256i swapped = _mm256_shuffle_epi32(y, 0xb1);
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      const __m256i x = _mm256_set1_epi64x(static_cast<long long>(a[r]));
      low[r] = _mm256_add_epi64(low[r], _mm256_mul_epu32(x, y));
      cross[r] = _mm256_add_epi32(cross[r], _mm256_mullo_epi32(x, swapped));
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) {
    const __m256i both = _mm256_add_epi32(cross[r], _mm256_srli_epi64(cross[r], 32));
    const __m256i sum = _mm256_add_epi64(low[r], _mm256_slli_epi64(both, 32));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(tile + 8 * r), sum);
  }
}
void avx2_run(size_t kc, const Word* a, const Word*, const Word* b, const Word*, Word* tile) {
  avx2_half(kc, a, b, tile);
  avx2_half(kc, a, b + 4, tile + 4);
}
constexpr GemmKernel kGemmAvx2{
    "avx2", 4, 8, no_extra, no_extra, prepare_nothing, prepare_nothing, avx2_run, add_tile<Word, 8>};

void f64_run(size_t kc, const Word* a, const Word*, const Word* b, const Word*, Word* tile) {
  __m256d acc[4][2];
#pragma GCC unroll 4
  for (int r = 0; r < 4; ++r) acc[r][0] = acc[r][1] = _mm256_setzero_pd();
  const double* pa = reinterpret_cast<const double*>(a);
  const double* pb = reinterpret_cast<const double*>(b);
  for (size_t k = 0; k < kc; ++k, pa += 4, pb += 8) {
    const __m256d b0 = _mm256_loadu_pd(pb), b1 = _mm256_loadu_pd(pb + 4);
#pragma GCC unroll 4
    for (int r = 0; r < 4; ++r) {
      const __m256d x = _mm256_set1_pd(pa[r]);
      acc[r][0] = _mm256_fmadd_pd(x, b0, acc[r][0]);
      acc[r][1] = _mm256_fmadd_pd(x, b1, acc[r][1]);
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < 4; ++r) {
    _mm256_storeu_pd(reinterpret_cast<double*>(tile) + 8 * r, acc[r][0]);
    _mm256_storeu_pd(reinterpret_cast<double*>(tile) + 8 * r + 4, acc[r][1]);
  }
}
constexpr GemmKernel kGemmF64{
    "f64", 4, 8, no_extra, no_extra, prepare_nothing, prepare_nothing, f64_run, add_tile<double, 8>};

#else

constexpr GemmKernel kGemmPlain{
    "plain",          4, 4, no_extra, no_extra, prepare_nothing, prepare_nothing, gemm_plain<4, 4, Word>,
    add_tile<Word, 4>};
constexpr GemmKernel kGemmF64{"f64",
                              4,
                              4,
                              no_extra,
                              no_extra,
                              prepare_nothing,
                              prepare_nothing,
                              gemm_plain<4, 4, double>,
                              add_tile<double, 4>};

#endif

}  // namespace

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
  k.gemm_f64 = &kGemmF64;
  k.pack = pack;
#if defined(TACIT_ISA_AVX512)
  static constexpr const GemmKernel* kAll[] = {&kGemmIfma, &kGemmMullo};
  k.gemm_ring = has_fast_mullo64() ? &kGemmMullo : &kGemmIfma;
#elif defined(TACIT_ISA_AVX2)
  static constexpr const GemmKernel* kAll[] = {&kGemmAvx2};
  k.gemm_ring = kAll[0];
#else
  static constexpr const GemmKernel* kAll[] = {&kGemmPlain};
  k.gemm_ring = kAll[0];
#endif
  k.all_gemm_ring = kAll;
}

}  // namespace tacit::TACIT_ISA
