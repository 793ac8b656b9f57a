// Matrix products: packing, and the innermost loops. See kernels.h and ring/gemm.cc. Compiled once for each
// instruction set.
#include <stddef.h>
#include <stdint.h>

#include "tacit/ring/kernels/kernels.h"
#if defined(TACIT_ISA_AVX2) || defined(TACIT_ISA_AVX512)
#include <immintrin.h>
#endif

namespace tacit::TACIT_ISA {
namespace {

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
    else if (run == 4)
      copy_runs<4>(p, q, run, inner, steps, width, to);
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

void fill_gemm(RingKernels& k) {
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
