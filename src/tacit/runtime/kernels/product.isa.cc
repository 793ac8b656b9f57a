// Matrix products in float32: packing, and the tile that is kept in registers. See kernels.h and product.cc.
// Compiled once for each instruction set.
#include "tacit/runtime/kernels/kernels.h"
#include "tacit/runtime/kernels/lanes.h"

namespace tacit::TACIT_ISA {
namespace {

using namespace lanes;
using runtime::TileEnd;

// Rows and registers a row of the tile: as many sums as registers allow beside a row of B and a number of A.
#if defined(TACIT_ISA_AVX512)
constexpr size_t kRows = 14, kWide = 2;
#elif defined(TACIT_ISA_AVX2)
constexpr size_t kRows = 6, kWide = 2;
#elif defined(TACIT_ISA_NEON)
constexpr size_t kRows = 8, kWide = 2;
#else
constexpr size_t kRows = 4, kWide = 2;
#endif
constexpr size_t kColumns = kWide * kLanes;

/// The tile's first R rows. Few rows are summed up in several parts, so that no sum waits for the one before.
template <size_t R>
void tile_of(size_t kc, const float* a, const float* b, float* c, size_t c_stride, size_t columns, bool add,
             const TileEnd* end) {
  constexpr size_t kParts = R == 1 ? 4 : R <= 3 ? 2 : 1;
  F sum[kParts][R][kWide] = {};
  size_t k = 0;
  for (; k + kParts <= kc; k += kParts) {
#pragma GCC unroll 4
    for (size_t s = 0; s < kParts; ++s) {
      F row[kWide];
#pragma GCC unroll 2
      for (size_t w = 0; w < kWide; ++w) row[w] = load(b + (k + s) * kColumns + w * kLanes);
#pragma GCC unroll 16
      for (size_t i = 0; i < R; ++i) {
        const F x = all(a[(k + s) * kRows + i]);
#pragma GCC unroll 2
        for (size_t w = 0; w < kWide; ++w) sum[s][i][w] += x * row[w];
      }
    }
  }
  for (; k < kc; ++k)
#pragma GCC unroll 16
    for (size_t i = 0; i < R; ++i)
#pragma GCC unroll 2
      for (size_t w = 0; w < kWide; ++w)
        sum[0][i][w] += all(a[k * kRows + i]) * load(b + k * kColumns + w * kLanes);
#pragma GCC unroll 16
  for (size_t i = 0; i < R; ++i)
#pragma GCC unroll 2
    for (size_t w = 0; w < kWide; ++w) {
      F total = sum[0][i][w];
#pragma GCC unroll 4
      for (size_t s = 1; s < kParts; ++s) total += sum[s][i][w];
      const size_t from = w * kLanes;
      const size_t count = columns <= from ? 0 : columns - from < kLanes ? columns - from : kLanes;
      float* to = c + i * c_stride + from;
      if (count == kLanes) {
        if (add) total += load(to);
      } else if (add) {
        total += load(to, count);
      }
      if (end != nullptr) {
        if (end->row_bias != nullptr) total += all(end->row_bias[i]);
        if (end->column_bias != nullptr)
          total += count == kLanes ? load(end->column_bias + from) : load(end->column_bias + from, count);
        if (end->clamped) total = smaller(larger(total, all(end->low)), all(end->high));
      }
      if (count == kLanes)
        store(to, total);
      else
        store(to, total, count);
    }
}

template <size_t R>
void tile_by_rows(size_t kc, const float* a, const float* b, float* c, size_t c_stride, size_t rows,
                  size_t columns, bool add, const TileEnd* end) {
  if constexpr (R > 1) {
    if (rows < R) return tile_by_rows<R - 1>(kc, a, b, c, c_stride, rows, columns, add, end);
  }
  tile_of<R>(kc, a, b, c, c_stride, columns, add, end);
}

typedef float Four __attribute__((vector_size(16)));
Four load_four(const float* from) {
  Four v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}
void copy_four(const float* from, float* to) {
  const Four v = load_four(from);
  __builtin_memcpy(to, &v, sizeof v);
}
/// Four at a time; the last four overlap those before.
void copy_run(const float* from, size_t n, float* to) {
  if (n < 4) {
    for (size_t j = 0; j < n; ++j) to[j] = from[j];
    return;
  }
  for (size_t j = 0; j + 4 <= n; j += 4) copy_four(from + j, to + j);
  copy_four(from + n - 4, to + n - 4);
}

/// Four numbers of each of four rows that lie `outer` apart become four rows that lie `width` apart.
void turn_four(const float* from, ptrdiff_t outer, size_t width, float* to) {
  const Four a = load_four(from), b = load_four(from + outer), c = load_four(from + 2 * outer),
             d = load_four(from + 3 * outer);
  const Four ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5),
             ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7),
             cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5),
             cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  const Four turned[4] = {__builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5),
                          __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7),
                          __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5),
                          __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7)};
#pragma GCC unroll 4
  for (size_t k = 0; k < 4; ++k) __builtin_memcpy(to + k * width, &turned[k], sizeof(Four));
}

/// Rows that lie apart, over steps that lie side by side; so few steps at a time that they and what becomes
/// of them stay in the cache.
void pack_turned(const float* from, ptrdiff_t outer, size_t count, size_t steps, size_t width, float* panel) {
  constexpr size_t kBlock = 64;
  for (size_t k0 = 0; k0 < steps; k0 += kBlock) {
    const size_t end = steps < k0 + kBlock ? steps : k0 + kBlock;
    for (size_t i = 0; i < count; i += 4) {
      const float* row = from + static_cast<ptrdiff_t>(i) * outer;
      size_t k = k0;
      if (i + 4 <= count)
        for (; k + 4 <= end; k += 4) turn_four(row + k, outer, width, panel + k * width + i);
      for (; k < end; ++k)
        for (size_t j = i; j < count && j < i + 4; ++j)
          panel[k * width + j] = from[static_cast<ptrdiff_t>(j) * outer + static_cast<ptrdiff_t>(k)];
    }
  }
}

void zero_rest(size_t count, size_t steps, size_t width, float* panel) {
  if (count == width) return;
  for (size_t k = 0; k < steps; ++k)
    for (size_t i = count; i < width; ++i) panel[k * width + i] = 0;
}

void pack(const float* from, ptrdiff_t outer, ptrdiff_t inner, size_t count, size_t steps, size_t width,
          float* panel) {
  zero_rest(count, steps, width, panel);
  if (outer == 1 && count == kColumns && width == kColumns) {
    for (size_t k = 0; k < steps; ++k)
#pragma GCC unroll 2
      for (size_t w = 0; w < kWide; ++w)
        store(panel + k * width + w * kLanes, load(from + static_cast<ptrdiff_t>(k) * inner + w * kLanes));
  } else if (inner == 1) {
    pack_turned(from, outer, count, steps, width, panel);
  } else if (outer == 1) {
    for (size_t k = 0; k < steps; ++k)
      copy_run(from + static_cast<ptrdiff_t>(k) * inner, count, panel + k * width);
  } else {
    for (size_t k = 0; k < steps; ++k)
      for (size_t i = 0; i < count; ++i)
        panel[k * width + i] = from[static_cast<ptrdiff_t>(i) * outer + static_cast<ptrdiff_t>(k) * inner];
  }
}

void gather(const float* from, const size_t* place, size_t count, const size_t* step, size_t steps,
            size_t width, float* panel) {
  zero_rest(count, steps, width, panel);
  // Places that follow on one another are copied together: mostly whole rows of an image, or all.
  for (size_t i = 0; i < count;) {
    size_t run = 1;
    while (i + run < count && place[i + run] == place[i] + run) ++run;
    const float* p = from + place[i];
    if (run == kColumns) {
      for (size_t k = 0; k < steps; ++k)
#pragma GCC unroll 2
        for (size_t w = 0; w < kWide; ++w)
          store(panel + k * width + w * kLanes, load(p + step[k] + w * kLanes));
    } else if (run > 1) {
      for (size_t k = 0; k < steps; ++k) copy_run(p + step[k], run, panel + k * width + i);
    } else {
      // Apart, as with strides: as many of them as are.
      size_t apart = 1;
      while (i + apart < count && place[i + apart] != place[i + apart - 1] + 1) ++apart;
      if (i + apart < count && apart > 1) --apart;  // the last of them begins a run
      for (size_t k = 0; k < steps; ++k)
        for (size_t j = 0; j < apart; ++j) panel[k * width + i + j] = from[step[k] + place[i + j]];
      run = apart;
    }
    i += run;
  }
}

}  // namespace

void fill_products(runtime::FloatKernels& k) {
  k.mr = kRows;
  k.nr = kColumns;
  k.tile = tile_by_rows<kRows>;
  k.pack = pack;
  k.gather = gather;
}

}  // namespace tacit::TACIT_ISA
