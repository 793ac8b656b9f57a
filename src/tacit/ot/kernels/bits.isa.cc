// Bit matrices and sums of rows. See ot_kernels.h.
#include "tacit/ot/kernels/ot_kernels.h"
#include "tacit/ot/kernels/rows.h"

namespace tacit::TACIT_ISA {

namespace {

// As wide as this instruction set's registers.
#if defined(TACIT_ISA_AVX512)
constexpr size_t kWidth = 64;
#elif defined(TACIT_ISA_AVX2)
constexpr size_t kWidth = 32;
#else
constexpr size_t kWidth = 16;
#endif
typedef uint64_t Wide __attribute__((vector_size(kWidth)));
constexpr size_t kWords = kWidth / 8;
/// Wherever p may lie: rows are aligned to words alone.
inline Wide get(const uint64_t* p) {
  Wide v;
  __builtin_memcpy(&v, p, kWidth);
  return v;
}
inline void put(uint64_t* p, Wide v) { __builtin_memcpy(p, &v, kWidth); }
inline void put_sum(uint64_t* p, Wide v) { put(p, get(p) ^ v); }

/// Loops over rows run on whole registers first, then on what is left.
struct One {
  typedef uint64_t Type;
  static Type at(const uint64_t* p) { return *p; }
  static void add(uint64_t* p, Type v) { *p ^= v; }
};
struct Many {
  typedef Wide Type;
  static Type at(const uint64_t* p) { return get(p); }
  static void add(uint64_t* p, Type v) { put_sum(p, v); }
};

// Tiles of 8 × 8 bits are transposed between eight columns held in registers; then, for each of the eight
// bits of a byte, the sixteen columns of tiles are a matrix of 16 × 16 bytes, which four interleavings
// transpose.
void transpose_lanes(const uint64_t* columns, size_t stride, uint64_t* blocks) {
  Lanes tiles[8][16];
  for (size_t c = 0; c < 16; ++c) {
    Lanes r[8];
#pragma GCC unroll 8
    for (size_t i = 0; i < 8; ++i) r[i] = Lanes::load(columns + (8 * c + i) * stride);
#pragma GCC unroll 4
    for (size_t i = 0; i < 4; ++i) exchange<4>(r[i], r[i + 4], 0x0f0f0f0f0f0f0f0f);
#pragma GCC unroll 4
    for (size_t i = 0; i < 4; ++i) {
      const size_t j = i < 2 ? i : i + 2;
      exchange<2>(r[j], r[j + 2], 0x3333333333333333);
    }
#pragma GCC unroll 4
    for (size_t i = 0; i < 8; i += 2) exchange<1>(r[i], r[i + 1], 0x5555555555555555);
#pragma GCC unroll 8
    for (size_t i = 0; i < 8; ++i) tiles[i][c] = r[i];
  }
  for (size_t bit = 0; bit < 8; ++bit) {
    Lanes x[16], y[16];
#pragma GCC unroll 16
    for (size_t i = 0; i < 16; ++i) x[i] = tiles[bit][i];
    auto interleave = [](const Lanes* from, Lanes* to) {
#pragma GCC unroll 8
      for (size_t i = 0; i < 8; ++i) {
        to[2 * i] = Lanes::low(from[i], from[i + 8]);
        to[2 * i + 1] = Lanes::high(from[i], from[i + 8]);
      }
    };
    interleave(x, y);
    interleave(y, x);
    interleave(x, y);
    interleave(y, x);
#pragma GCC unroll 16
    for (size_t i = 0; i < 16; ++i) x[i].store(blocks + 2 * (8 * i + bit), 256);
  }
}

void transpose(const uint64_t* columns, size_t stride, size_t groups, uint64_t* blocks) {
  size_t g = 0;
  for (; g + Lanes::kCount <= groups; g += Lanes::kCount)
    transpose_lanes(columns + 2 * g, stride, blocks + 256 * g);
  if (g == groups) return;
  // Fewer groups than lanes: through copies of full width.
  uint64_t in[128 * 2 * Lanes::kCount] = {}, out[256 * Lanes::kCount];
  for (size_t c = 0; c < 128; ++c)
    for (size_t i = 0; i < 2 * (groups - g); ++i)
      in[c * 2 * Lanes::kCount + i] = columns[c * stride + 2 * g + i];
  transpose_lanes(in, 2 * Lanes::kCount, out);
  for (size_t i = 0; i < 256 * (groups - g); ++i) blocks[256 * g + i] = out[i];
}

/// Halving: the upper half of 2^width rows is summed for the highest bit, and added to the lower half.
template <class V, unsigned width, bool all>
inline void halve(typename V::Type* x, uint64_t* bits, size_t stride) {
  constexpr size_t kHalf = size_t{1} << (width - 1);
  typename V::Type upper = x[kHalf];
#pragma GCC unroll 8
  for (size_t i = 1; i < kHalf; ++i) upper ^= x[kHalf + i];
  V::add(bits + (width - 1) * stride, upper);
#pragma GCC unroll 8
  for (size_t i = all ? 0 : 1; i < kHalf; ++i) x[i] ^= x[kHalf + i];
  if constexpr (width > 1) halve<V, width - 1, all>(x, bits, stride);
}

template <class V, unsigned width, bool all>
inline void fold_at(const uint64_t* rows, size_t words, uint64_t* bits, size_t stride, uint64_t* total) {
  constexpr size_t kRows = size_t{1} << width;
  typename V::Type x[kRows];
#pragma GCC unroll 16
  for (size_t i = all ? 0 : 1; i < kRows; ++i) x[i] = V::at(rows + i * words);
  halve<V, width, all>(x, bits, stride);
  if (all) V::add(total, x[0]);
}

template <unsigned width, bool all>
void fold_rows(const uint64_t* rows, size_t words, uint64_t* bits, size_t stride, uint64_t* total) {
  size_t i = 0;
  for (; i + kWords <= words; i += kWords)
    fold_at<Many, width, all>(rows + i, words, bits + i, stride, all ? total + i : nullptr);
  for (; i < words; ++i)
    fold_at<One, width, all>(rows + i, words, bits + i, stride, all ? total + i : nullptr);
}
template <unsigned width>
void fold_rows(const uint64_t* rows, size_t words, uint64_t* bits, size_t stride, uint64_t* total) {
  if (total != nullptr) return fold_rows<width, true>(rows, words, bits, stride, total);
  fold_rows<width, false>(rows, words, bits, stride, total);
}

void fold(const uint64_t* rows, size_t words, unsigned width, uint64_t* bits, size_t stride,
          uint64_t* total) {
  if (width == 1) return fold_rows<1>(rows, words, bits, stride, total);
  if (width == 2) return fold_rows<2>(rows, words, bits, stride, total);
  if (width == 3) return fold_rows<3>(rows, words, bits, stride, total);
  fold_rows<4>(rows, words, bits, stride, total);
}

void add(const uint64_t* from, uint64_t* to, size_t words) {
  size_t i = 0;
  for (; i + kWords <= words; i += kWords) put_sum(to + i, get(from + i));
  for (; i < words; ++i) to[i] ^= from[i];
}

void add_if(uint64_t bit, const uint64_t* from, uint64_t* to, size_t words) {
  const uint64_t mask = 0 - bit;
  size_t i = 0;
  for (; i + kWords <= words; i += kWords) put_sum(to + i, get(from + i) & mask);
  for (; i < words; ++i) to[i] ^= from[i] & mask;
}

void lowest_bits(const uint64_t* blocks, size_t n, uint64_t* bits) {
  for (size_t first = 0; first < n; first += 64) {
    const size_t now = n - first < 64 ? n - first : 64;
    uint64_t word = 0;
    for (size_t i = 0; i < now; ++i) word |= (blocks[2 * (first + i)] & 1) << i;
    bits[first / 64] = word;
  }
}

void sum(const uint64_t* blocks, size_t n, uint64_t* out) {
  Wide a = {}, b = {};
  size_t i = 0;
  for (; i + 2 * kWords <= 2 * n; i += 2 * kWords) {
    a ^= get(blocks + i);
    b ^= get(blocks + i + kWords);
  }
  a ^= b;
  out[0] = out[1] = 0;
  for (size_t j = 0; j < kWords; ++j) out[j % 2] ^= a[j];
  for (; i < 2 * n; ++i) out[i % 2] ^= blocks[i];
}

/// All ones where x is 0, without a comparison that a compiler could branch on.
inline uint64_t mask_of_zero(uint64_t x) { return ((x | (0 - x)) >> 63) - 1; }

void add_at(uint64_t* blocks, size_t n, uint64_t at, const uint64_t* value) {
  Wide v, step, counter, target;
  for (size_t j = 0; j < kWords; ++j) {
    v[j] = value[j % 2];
    step[j] = kWords / 2;
    counter[j] = j / 2;
    target[j] = at;
  }
  size_t i = 0;
  for (; i + kWords <= 2 * n; i += kWords) {
    put_sum(blocks + i, v & (Wide)(counter == target));
    counter += step;
  }
  for (; i < 2 * n; ++i) blocks[i] ^= value[i % 2] & mask_of_zero(i / 2 ^ at);
}

void branch(uint64_t* left, uint64_t* right, size_t n, uint64_t* out) {
  Wide all = {};
  size_t i = 0;
  for (; i + kWords <= 2 * n; i += kWords) {
    const Wide x = get(left + i), h = get(right + i);
    all ^= h;
    put(left + i, h);
    put(right + i, x ^ h);
  }
  out[0] = out[1] = 0;
  for (size_t j = 0; j < kWords; ++j) out[j % 2] ^= all[j];
  for (; i < 2 * n; ++i) {
    const uint64_t x = left[i], h = right[i];
    out[i % 2] ^= h;
    left[i] = h;
    right[i] = x ^ h;
  }
}

void clear_lowest(uint64_t* blocks, size_t n) {
  for (size_t i = 0; i < n; ++i) blocks[2 * i] &= ~uint64_t{1};
}

}  // namespace

void fill_bits(ot::OtKernels& k) {
  k.transpose = transpose;
  k.fold = fold;
  k.add = add;
  k.add_if = add_if;
  k.lowest_bits = lowest_bits;
  k.sum = sum;
  k.add_at = add_at;
  k.branch = branch;
  k.clear_lowest = clear_lowest;
}

}  // namespace tacit::TACIT_ISA
