// Windows that slide over one image of one channel: pools, and convolutions channel by channel. See
// kernels.h. Row by row of the result, so that what is read lies side by side. Compiled once for each
// instruction set.
#include "tacit/runtime/kernels/kernels.h"
#include "tacit/runtime/kernels/lanes.h"

namespace tacit::TACIT_ISA {
namespace {

using runtime::Plane;
using runtime::TileEnd;

/// Results [begin, end) of a row, whose place in the window lies within the image, and where that place is
/// for result 0, which may lie before it.
struct Reach {
  size_t begin, end;
  ptrdiff_t from;
};

Reach reach(const Plane& p, size_t kernel_x) {
  const auto from = static_cast<ptrdiff_t>(kernel_x * p.dilation_w) - static_cast<ptrdiff_t>(p.pad_left);
  const auto stride = static_cast<ptrdiff_t>(p.stride_w), width = static_cast<ptrdiff_t>(p.in_w);
  const ptrdiff_t begin = from >= 0 ? 0 : (-from + stride - 1) / stride;
  ptrdiff_t end = width - from <= 0 ? 0 : (width - from + stride - 1) / stride;
  if (end > static_cast<ptrdiff_t>(p.out_w)) end = static_cast<ptrdiff_t>(p.out_w);
  return {static_cast<size_t>(begin), static_cast<size_t>(end > begin ? end : begin), from};
}

/// Those of a window's columns; of windows wider than usual they are found anew each time.
class Reaches {
 public:
  explicit Reaches(const Plane& p) : p_(p) {
    for (size_t k = 0; k < p.kernel_w && k < kKept; ++k) kept_[k] = reach(p, k);
  }
  Reach of(size_t k) const { return k < kKept ? kept_[k] : reach(p_, k); }

 private:
  static constexpr size_t kKept = 16;
  const Plane& p_;
  Reach kept_[kKept];
};

/// Calls step(to, from, n, place in the window) for all parts of a row of results.
template <class Step>
void each_part(const Plane& p, const Reaches& reaches, size_t row, const float* x, float* out, Step step) {
  for (size_t y = 0; y < p.kernel_h; ++y) {
    const auto at =
        static_cast<ptrdiff_t>(row * p.stride_h + y * p.dilation_h) - static_cast<ptrdiff_t>(p.pad_top);
    if (at < 0 || at >= static_cast<ptrdiff_t>(p.in_h)) continue;
    const float* line = x + static_cast<size_t>(at) * p.in_w;
    for (size_t k = 0; k < p.kernel_w; ++k) {
      const Reach r = reaches.of(k);
      if (r.begin >= r.end) continue;
      const float* from = line + (static_cast<ptrdiff_t>(r.begin * p.stride_w) + r.from);
      step(out + r.begin, from, r.end - r.begin, y * p.kernel_w + k);
    }
  }
}

/// The loops that matter have a stride that is known.
template <class Body>
void strided(size_t stride, size_t n, const float* from, Body body) {
  if (stride == 1) {
    for (size_t i = 0; i < n; ++i) body(i, from[i]);
  } else if (stride == 2) {
    for (size_t i = 0; i < n; ++i) body(i, from[2 * i]);
  } else {
    for (size_t i = 0; i < n; ++i) body(i, from[stride * i]);
  }
}

void every(size_t n, const float* x, size_t stride, float* out) {
  strided(stride, n, x, [out](size_t i, float v) { out[i] = v; });
}

void max_pool(const Plane& p, const float* x, float* out) {
  const Reaches reaches(p);
  for (size_t row = 0; row < p.out_h; ++row, out += p.out_w) {
    for (size_t i = 0; i < p.out_w; ++i) out[i] = -__builtin_inff();
    each_part(p, reaches, row, x, out, [&](float* to, const float* from, size_t n, size_t) {
      strided(p.stride_w, n, from, [to](size_t i, float v) { to[i] = to[i] < v ? v : to[i]; });
    });
  }
}

void sum_pool(const Plane& p, const float* x, const float* weight, float* out) {
  const Reaches reaches(p);
  for (size_t row = 0; row < p.out_h; ++row, out += p.out_w, weight += p.out_w) {
    for (size_t i = 0; i < p.out_w; ++i) out[i] = 0;
    each_part(p, reaches, row, x, out, [&](float* to, const float* from, size_t n, size_t) {
      strided(p.stride_w, n, from, [to](size_t i, float v) { to[i] += v; });
    });
    for (size_t i = 0; i < p.out_w; ++i) out[i] *= weight[i];
  }
}

void depthwise(const Plane& p, const float* x, const float* w, const TileEnd& end, float* out) {
  const Reaches reaches(p);
  const float bias = end.row_bias == nullptr ? 0 : *end.row_bias;
  for (size_t row = 0; row < p.out_h; ++row, out += p.out_w) {
    for (size_t i = 0; i < p.out_w; ++i) out[i] = bias;
    each_part(p, reaches, row, x, out, [&](float* to, const float* from, size_t n, size_t place) {
      const float factor = w[place];
      strided(p.stride_w, n, from, [to, factor](size_t i, float v) { to[i] += factor * v; });
    });
    if (end.clamped)
      for (size_t i = 0; i < p.out_w; ++i) {
        const float above = out[i] < end.low ? end.low : out[i];
        out[i] = end.high < above ? end.high : above;
      }
  }
}

}  // namespace

void fill_planes(runtime::FloatKernels& k) {
  k.every = every;
  k.max_pool = max_pool;
  k.sum_pool = sum_pool;
  k.depthwise = depthwise;
}

}  // namespace tacit::TACIT_ISA
