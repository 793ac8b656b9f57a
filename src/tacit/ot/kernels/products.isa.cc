// Products of polynomials over F_2, and sums of gathered blocks. See ot_kernels.h.
#include "tacit/ot/kernels/ot_kernels.h"

#if defined(TACIT_ISA_AVX2) || defined(TACIT_ISA_AVX512)
#include <immintrin.h>
#elif defined(TACIT_ISA_NEON)
#include <arm_neon.h>
#endif

namespace tacit::TACIT_ISA {

namespace {

#if defined(TACIT_ISA_AVX2) || defined(TACIT_ISA_AVX512)

inline __m128i load(const uint64_t* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }

void multiply_add(const uint64_t* a, const uint64_t* b, size_t n, uint64_t* sum) {
  __m128i low = _mm_setzero_si128(), middle = low, other = low, high = low;
  for (size_t i = 0; i < n; ++i) {
    const __m128i x = load(a + 2 * i), y = load(b + 2 * i);
    low = _mm_xor_si128(low, _mm_clmulepi64_si128(x, y, 0x00));
    middle = _mm_xor_si128(middle, _mm_clmulepi64_si128(x, y, 0x01));
    other = _mm_xor_si128(other, _mm_clmulepi64_si128(x, y, 0x10));
    high = _mm_xor_si128(high, _mm_clmulepi64_si128(x, y, 0x11));
  }
  middle = _mm_xor_si128(middle, other);
  low = _mm_xor_si128(low, _mm_slli_si128(middle, 8));
  high = _mm_xor_si128(high, _mm_srli_si128(middle, 8));
  auto* out = reinterpret_cast<__m128i*>(sum);
  _mm_storeu_si128(out, _mm_xor_si128(_mm_loadu_si128(out), low));
  _mm_storeu_si128(out + 1, _mm_xor_si128(_mm_loadu_si128(out + 1), high));
}

void multiply_add_words(const uint64_t* a, const uint64_t* b, size_t n, uint64_t* sum) {
  __m128i low = _mm_setzero_si128(), high = low;
  for (size_t i = 0; i < n; ++i) {
    const __m128i x = load(a + 2 * i), y = load(b + 2 * i);
    low = _mm_xor_si128(low, _mm_clmulepi64_si128(x, y, 0x00));
    high = _mm_xor_si128(high, _mm_clmulepi64_si128(x, y, 0x11));
  }
  auto* out = reinterpret_cast<__m128i*>(sum);
  _mm_storeu_si128(out, _mm_xor_si128(_mm_loadu_si128(out), _mm_xor_si128(low, high)));
}

void scale_add(const uint64_t* scalars, const uint64_t* blocks, size_t n, uint64_t* sum) {
  __m128i low = _mm_setzero_si128(), high = low;
  size_t i = 0;
  for (; i + 2 <= n; i += 2) {
    const __m128i s = load(scalars + i), x = load(blocks + 2 * i), y = load(blocks + 2 * i + 2);
    low =
        _mm_xor_si128(low, _mm_xor_si128(_mm_clmulepi64_si128(s, x, 0x00), _mm_clmulepi64_si128(s, y, 0x01)));
    high = _mm_xor_si128(high,
                         _mm_xor_si128(_mm_clmulepi64_si128(s, x, 0x10), _mm_clmulepi64_si128(s, y, 0x11)));
  }
  if (i < n) {
    const __m128i s = _mm_set_epi64x(0, static_cast<long long>(scalars[i])), x = load(blocks + 2 * i);
    low = _mm_xor_si128(low, _mm_clmulepi64_si128(s, x, 0x00));
    high = _mm_xor_si128(high, _mm_clmulepi64_si128(s, x, 0x10));
  }
  auto* out = reinterpret_cast<__m128i*>(sum);
  _mm_storeu_si128(out, _mm_xor_si128(_mm_loadu_si128(out), low));
  _mm_storeu_si128(out + 1, _mm_xor_si128(_mm_loadu_si128(out + 1), high));
}

// Two products an instruction, offered where the processor has VPCLMULQDQ. An odd one at the end is for the
// loops above.

#define TACIT_WIDE __attribute__((target("avx2,pclmul,vpclmulqdq")))

TACIT_WIDE inline __m256i load_two(const uint64_t* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
TACIT_WIDE inline void add_halves(uint64_t* sum, __m256i x) {
  auto* out = reinterpret_cast<__m128i*>(sum);
  const __m128i both = _mm_xor_si128(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
  _mm_storeu_si128(out, _mm_xor_si128(_mm_loadu_si128(out), both));
}

TACIT_WIDE void wide_multiply_add(const uint64_t* a, const uint64_t* b, size_t n, uint64_t* sum) {
  __m256i low = _mm256_setzero_si256(), middle = low, other = low, high = low;
  size_t i = 0;
  for (; i + 2 <= n; i += 2) {
    const __m256i x = load_two(a + 2 * i), y = load_two(b + 2 * i);
    low = _mm256_xor_si256(low, _mm256_clmulepi64_epi128(x, y, 0x00));
    middle = _mm256_xor_si256(middle, _mm256_clmulepi64_epi128(x, y, 0x01));
    other = _mm256_xor_si256(other, _mm256_clmulepi64_epi128(x, y, 0x10));
    high = _mm256_xor_si256(high, _mm256_clmulepi64_epi128(x, y, 0x11));
  }
  add_halves(sum, low);
  add_halves(sum + 1, _mm256_xor_si256(middle, other));
  add_halves(sum + 2, high);
  multiply_add(a + 2 * i, b + 2 * i, n - i, sum);
}

TACIT_WIDE void wide_multiply_add_words(const uint64_t* a, const uint64_t* b, size_t n, uint64_t* sum) {
  __m256i low = _mm256_setzero_si256(), high = low;
  size_t i = 0;
  for (; i + 2 <= n; i += 2) {
    const __m256i x = load_two(a + 2 * i), y = load_two(b + 2 * i);
    low = _mm256_xor_si256(low, _mm256_clmulepi64_epi128(x, y, 0x00));
    high = _mm256_xor_si256(high, _mm256_clmulepi64_epi128(x, y, 0x11));
  }
  add_halves(sum, _mm256_xor_si256(low, high));
  multiply_add_words(a + 2 * i, b + 2 * i, n - i, sum);
}

TACIT_WIDE void wide_scale_add(const uint64_t* scalars, const uint64_t* blocks, size_t n, uint64_t* sum) {
  __m256i low = _mm256_setzero_si256(), high = low;
  size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    // Blocks i and i + 2 meet the low words of the two lanes of scalars, i + 1 and i + 3 the high ones.
    const __m256i s = load_two(scalars + i), x = load_two(blocks + 2 * i), y = load_two(blocks + 2 * i + 4);
    const __m256i even = _mm256_permute2x128_si256(x, y, 0x20), odd = _mm256_permute2x128_si256(x, y, 0x31);
    low = _mm256_xor_si256(low, _mm256_xor_si256(_mm256_clmulepi64_epi128(s, even, 0x00),
                                                 _mm256_clmulepi64_epi128(s, odd, 0x01)));
    high = _mm256_xor_si256(high, _mm256_xor_si256(_mm256_clmulepi64_epi128(s, even, 0x10),
                                                   _mm256_clmulepi64_epi128(s, odd, 0x11)));
  }
  add_halves(sum, low);
  add_halves(sum + 2, high);
  scale_add(scalars + i, blocks + 2 * i, n - i, sum);
}

/// Eight indices at a time, then the sums: multiplications hide behind the loads of the table.
void gather(const uint32_t* random, uint32_t size, const uint64_t* table, uint64_t* out, size_t n) {
  constexpr size_t kBatch = 32;  // blocks; their indices are a multiple of eight
  uint32_t index[kBatch * ot::kGathered];
  const __m256i k = _mm256_set1_epi64x(size),
                upper = _mm256_set1_epi64x(static_cast<long long>(~uint64_t{0} << 32));
  for (size_t first = 0; first < n; first += kBatch) {
    const size_t now = n - first < kBatch ? n - first : kBatch, all = now * ot::kGathered;
    const uint32_t* r = random + first * ot::kGathered;
    size_t i = 0;
    for (; i + 8 <= all; i += 8) {
      const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(r + i));
      const __m256i even = _mm256_srli_epi64(_mm256_mul_epu32(x, k), 32);
      const __m256i odd = _mm256_and_si256(_mm256_mul_epu32(_mm256_srli_epi64(x, 32), k), upper);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(index + i), _mm256_or_si256(even, odd));
    }
    for (; i < all; ++i) index[i] = static_cast<uint32_t>(uint64_t{r[i]} * size >> 32);
    for (size_t j = 0; j < all; ++j)
      _mm_prefetch(reinterpret_cast<const char*>(table + 2 * size_t{index[j]}), _MM_HINT_T1);
    for (size_t j = 0; j < now; ++j) {
      auto* o = reinterpret_cast<__m128i*>(out + 2 * (first + j));
      __m128i x = _mm_loadu_si128(o), y = _mm_setzero_si128();
#pragma GCC unroll 5
      for (size_t d = 0; d < ot::kGathered; d += 2) {
        x = _mm_xor_si128(x, load(table + 2 * size_t{index[j * ot::kGathered + d]}));
        y = _mm_xor_si128(y, load(table + 2 * size_t{index[j * ot::kGathered + d + 1]}));
      }
      _mm_storeu_si128(o, _mm_xor_si128(x, y));
    }
  }
}

#else

#if defined(TACIT_ISA_NEON)

inline void add_product(uint64_t a, uint64_t b, uint64_t* sum) {
  const uint64x2_t p = vreinterpretq_u64_p128(vmull_p64(a, b));
  sum[0] ^= vgetq_lane_u64(p, 0);
  sum[1] ^= vgetq_lane_u64(p, 1);
}

#else

/// Masks in place of branches: slow, and as constant in time as the rest.
inline void add_product(uint64_t a, uint64_t b, uint64_t* sum) {
  uint64_t low = 0, high = 0;
  for (unsigned bit = 0; bit < 64; ++bit) {
    const uint64_t mask = 0 - (b >> bit & 1);
    low ^= a << bit & mask;
    high ^= a >> 1 >> (63 - bit) & mask;
  }
  sum[0] ^= low;
  sum[1] ^= high;
}

#endif

void multiply_add(const uint64_t* a, const uint64_t* b, size_t n, uint64_t* sum) {
  for (size_t i = 0; i < n; ++i) {
    add_product(a[2 * i], b[2 * i], sum);
    add_product(a[2 * i], b[2 * i + 1], sum + 1);
    add_product(a[2 * i + 1], b[2 * i], sum + 1);
    add_product(a[2 * i + 1], b[2 * i + 1], sum + 2);
  }
}

void multiply_add_words(const uint64_t* a, const uint64_t* b, size_t n, uint64_t* sum) {
  for (size_t i = 0; i < 2 * n; ++i) add_product(a[i], b[i], sum);
}

void scale_add(const uint64_t* scalars, const uint64_t* blocks, size_t n, uint64_t* sum) {
  for (size_t i = 0; i < n; ++i) {
    add_product(scalars[i], blocks[2 * i], sum);
    add_product(scalars[i], blocks[2 * i + 1], sum + 2);
  }
}

void gather(const uint32_t* random, uint32_t size, const uint64_t* table, uint64_t* out, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    uint64_t low = out[2 * i], high = out[2 * i + 1];
    for (size_t d = 0; d < ot::kGathered; ++d) {
      const uint64_t* from = table + 2 * (uint64_t{random[i * ot::kGathered + d]} * size >> 32);
      low ^= from[0];
      high ^= from[1];
    }
    out[2 * i] = low;
    out[2 * i + 1] = high;
  }
}

#endif

}  // namespace

void fill_products(ot::OtKernels& k) {
  k.multiply_add = multiply_add;
  k.multiply_add_words = multiply_add_words;
  k.scale_add = scale_add;
  k.gather = gather;
}

#if defined(TACIT_ISA_AVX2) || defined(TACIT_ISA_AVX512)
void fill_wide_products(ot::OtKernels& k) {
  k.multiply_add = wide_multiply_add;
  k.multiply_add_words = wide_multiply_add_words;
  k.scale_add = wide_scale_add;
}
#endif

}  // namespace tacit::TACIT_ISA
