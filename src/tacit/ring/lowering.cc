// Every factor of a lowered map is read as source[outer_offset[i] + inner_offset[k]], and every result written
// at out[row_offset[i] + column_offset[j]]; a convolution differs from a matrix product in these lists alone.
#include "tacit/ring/lowering.h"

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/ring/gemm.h"

namespace tacit {

namespace {

using Offsets = std::vector<std::size_t>;
using Kind = Bilinear::Kind;

double as_double(Word w) { return std::bit_cast<double>(w); }
Word as_word(double d) { return std::bit_cast<Word>(d); }

/// One factor of one term: (source + source2)[outer[i] + inner[k]].
struct Factor {
  const Word* source;
  const Word* source2;
};

struct Lowered {
  std::vector<Factor> a, b;  ///< a factor a term
  Offsets a_outer, a_inner, b_outer, b_inner, row, column;
};

void pack(const Factor& f, const Offsets& outer, const Offsets& inner, std::size_t k0, std::size_t k1, std::size_t i0,
          std::size_t count, std::size_t width, Word* panel) {
  if (count < width)
    for (std::size_t k = 0; k < k1 - k0; ++k) std::fill(panel + k * width + count, panel + (k + 1) * width, 0);
  for (std::size_t j = 0; j < count;) {
    std::size_t run = 1;
    while (j + run < count && outer[i0 + j + run] == outer[i0 + j] + run) ++run;
    const Word* from = f.source + outer[i0 + j];
    const Word* from2 = f.source2 == nullptr ? nullptr : f.source2 + outer[i0 + j];
    Word* to = panel + j;
    for (std::size_t k = k0; k < k1; ++k, to += width) {
      const Word* p = from + inner[k];
      if (from2 == nullptr) {
        for (std::size_t c = 0; c < run; ++c) to[c] = p[c];
      } else {
        const Word* p2 = from2 + inner[k];
        for (std::size_t c = 0; c < run; ++c) to[c] = p[c] + p2[c];
      }
    }
    j += run;
  }
}

void run(const Compute& compute, Field field, const Lowered& low, Word* out) {
  const std::size_t k_each = low.a_inner.size();
  auto pack_terms = [&](const std::vector<Factor>& factors, const Offsets& outer, const Offsets& inner) {
    return [&, k_each](std::size_t k0, std::size_t k1, std::size_t i0, std::size_t count, std::size_t width,
                       Word* panel) {
      while (k0 < k1) {
        const std::size_t term = k0 / k_each, first = k0 % k_each, last = std::min(k_each, first + (k1 - k0));
        pack(factors[term], outer, inner, first, last, i0, count, width, panel);
        panel += (last - first) * width;
        k0 += last - first;
      }
    };
  };
  auto add_to_c = [&](std::size_t row0, std::size_t rows, std::size_t col0, std::size_t cols, std::size_t width,
                      const Word* tile) {
    const bool straight = low.column[col0 + cols - 1] == low.column[col0] + cols - 1;
    for (std::size_t r = 0; r < rows; ++r, tile += width) {
      Word* c = out + low.row[row0 + r];
      if (field == Field::Double)
        for (std::size_t j = 0; j < cols; ++j) {
          Word& x = c[low.column[col0 + j]];
          x = as_word(as_double(x) + as_double(tile[j]));
        }
      else if (straight)
        compute.kernels.add(cols, c + low.column[col0], tile, c + low.column[col0]);
      else
        for (std::size_t j = 0; j < cols; ++j) c[low.column[col0 + j]] += tile[j];
    }
  };
  gemm(compute, field == Field::Ring ? *compute.kernels.gemm_ring : *compute.kernels.gemm_f64,
       {low.row.size(), low.column.size(), k_each * low.a.size(), pack_terms(low.a, low.a_outer, low.a_inner),
        pack_terms(low.b, low.b_outer, low.b_inner), add_to_c});
}

Offsets strided(std::size_t n, std::size_t stride) {
  Offsets out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = i * stride;
  return out;
}

/// i·si + j·sj + k·sk for i < ni, j < nj, k < nk, the last fastest.
Offsets grid(std::size_t ni, std::size_t si, std::size_t nj, std::size_t sj, std::size_t nk, std::size_t sk) {
  Offsets out;
  out.reserve(ni * nj * nk);
  for (std::size_t i = 0; i < ni; ++i)
    for (std::size_t j = 0; j < nj; ++j)
      for (std::size_t k = 0; k < nk; ++k) out.push_back(i * si + j * sj + k * sk);
  return out;
}

void matmul(const Compute& compute, const Bilinear& map, Field field, const Shape& a, const Shape& b,
            std::span<const BilinearTerm> terms, std::size_t begin, std::size_t end, RingTensor& out) {
  const std::size_t m = out.shape[out.shape.size() - 2], n = out.shape.back();
  const std::size_t a_row = a.back(), b_row = b.back();
  const std::size_t k = map.transpose_a ? a[a.size() - 2] : a.back();
  for (std::size_t batch = begin / m; batch * m < end; ++batch) {
    const std::size_t r0 = std::max(begin, batch * m) - batch * m, r1 = std::min(end, (batch + 1) * m) - batch * m;
    Lowered low;
    const std::size_t a0 = batch * m * k + r0 * (map.transpose_a ? 1 : a_row), b0 = batch * k * n;
    for (const auto& t : terms) {
      low.a.push_back({t.a + a0, t.a2 == nullptr ? nullptr : t.a2 + a0});
      low.b.push_back({t.b + b0, t.b2 == nullptr ? nullptr : t.b2 + b0});
    }
    low.a_outer = strided(r1 - r0, map.transpose_a ? 1 : a_row);
    low.a_inner = strided(k, map.transpose_a ? a_row : 1);
    low.b_outer = strided(n, map.transpose_b ? b_row : 1);
    low.b_inner = strided(k, map.transpose_b ? 1 : b_row);
    low.row = strided(r1 - r0, n);
    low.column = strided(n, 1);
    Word* c = out.data() + (batch * m + r0) * n;
    std::fill(c, c + (r1 - r0) * n, 0);
    if (k > 0) run(compute, field, low, c);
  }
}

/// Images laid out for windows to slide over without leaving them: spread `up` apart, moved by (top, left),
/// surrounded by zeros (or cropped, where a move is negative).
struct Canvas {
  std::size_t channels, height, width;
  Words words;
  const Word* data;

  Canvas(const Word* x, const Word* x2, std::size_t images, std::size_t c, std::size_t h, std::size_t w,
         std::size_t up_h, std::size_t up_w, std::ptrdiff_t top, std::ptrdiff_t left, std::size_t out_h,
         std::size_t out_w)
      : channels(c), height(out_h), width(out_w), data(x) {
    if (x2 == nullptr && up_h == 1 && up_w == 1 && top == 0 && left == 0 && h == out_h && w == out_w) return;
    words.resize(images * c * out_h * out_w);
    std::fill(words.begin(), words.end(), 0);
    data = words.data();
    for (std::size_t plane = 0; plane < images * c; ++plane)
      for (std::size_t y = 0; y < h; ++y) {
        const auto ty = static_cast<std::ptrdiff_t>(y * up_h) + top;
        if (ty < 0 || ty >= static_cast<std::ptrdiff_t>(out_h)) continue;
        Word* to = words.data() + (plane * out_h + static_cast<std::size_t>(ty)) * out_w;
        const Word* from = x + (plane * h + y) * w;
        for (std::size_t i = 0; i < w; ++i) {
          const auto tx = static_cast<std::ptrdiff_t>(i * up_w) + left;
          if (tx < 0 || tx >= static_cast<std::ptrdiff_t>(out_w)) continue;
          to[tx] = from[i] + (x2 == nullptr ? 0 : x2[(plane * h + y) * w + i]);
        }
      }
  }
  std::size_t plane() const { return height * width; }
  std::size_t image() const { return channels * plane(); }
};

std::ptrdiff_t signed_size(std::size_t n) { return static_cast<std::ptrdiff_t>(n); }

void conv(const Compute& compute, const Bilinear& map, Field field, const Shape& x, const Shape& w,
          std::span<const BilinearTerm> terms, std::size_t begin, std::size_t end, RingTensor& out) {
  const ConvGeometry& g = map.conv;
  const std::size_t images = end - begin, oc = w[0] / g.groups, ic = w[1], oh = out.shape[2], ow = out.shape[3];
  const std::size_t in = x[1] * x[2] * x[3], pixels = oh * ow;
  std::vector<Canvas> canvases;
  for (const auto& t : terms)
    canvases.emplace_back(t.a + begin * in, t.a2 == nullptr ? nullptr : t.a2 + begin * in, images, x[1], x[2], x[3], 1,
                          1, signed_size(g.pad_top), signed_size(g.pad_left), x[2] + g.pad_top + g.pad_bottom,
                          x[3] + g.pad_left + g.pad_right);
  const Canvas& one = canvases.front();
  std::fill(out.data() + begin * w[0] * pixels, out.data() + end * w[0] * pixels, 0);
  for (std::size_t group = 0; group < g.groups; ++group) {
    Lowered low;
    const std::size_t w0 = group * oc * ic * w[2] * w[3];
    for (std::size_t t = 0; t < terms.size(); ++t) {
      low.a.push_back({terms[t].b + w0, terms[t].b2 == nullptr ? nullptr : terms[t].b2 + w0});
      low.b.push_back({canvases[t].data + group * ic * one.plane(), nullptr});
    }
    low.a_outer = strided(oc, ic * w[2] * w[3]);
    low.a_inner = strided(ic * w[2] * w[3], 1);
    low.b_outer = grid(images, one.image(), oh, g.stride_h * one.width, ow, g.stride_w);
    low.b_inner = grid(ic, one.plane(), w[2], g.dilation_h * one.width, w[3], g.dilation_w);
    low.row = strided(oc, pixels);
    low.column = grid(images, w[0] * pixels, 1, 0, pixels, 1);
    run(compute, field, low, out.data() + (begin * w[0] + group * oc) * pixels);
  }
}

void conv_grad_input(const Compute& compute, const Bilinear& map, Field field, const Shape& d, const Shape& w,
                     std::span<const BilinearTerm> terms, std::size_t begin, std::size_t end, RingTensor& out) {
  // The gradient slides the flipped weights over the spread and padded gradient of the output.
  const ConvGeometry& g = map.conv;
  const std::size_t images = end - begin, oc = w[0] / g.groups, ic = w[1], h = out.shape[2], wd = out.shape[3];
  const std::size_t kernel = w[2] * w[3], reach_h = g.dilation_h * (w[2] - 1), reach_w = g.dilation_w * (w[3] - 1);
  const std::size_t in = d[1] * d[2] * d[3], pixels = h * wd;
  std::vector<Canvas> canvases;
  for (const auto& t : terms)
    canvases.emplace_back(t.a + begin * in, t.a2 == nullptr ? nullptr : t.a2 + begin * in, images, d[1], d[2], d[3],
                          g.stride_h, g.stride_w, signed_size(reach_h) - signed_size(g.pad_top),
                          signed_size(reach_w) - signed_size(g.pad_left), h + reach_h, wd + reach_w);
  const Canvas& one = canvases.front();
  std::fill(out.data() + begin * out.shape[1] * pixels, out.data() + end * out.shape[1] * pixels, 0);
  for (std::size_t group = 0; group < g.groups; ++group) {
    Lowered low;
    const std::size_t w0 = group * oc * ic * kernel;
    for (std::size_t t = 0; t < terms.size(); ++t) {
      low.a.push_back({terms[t].b + w0, terms[t].b2 == nullptr ? nullptr : terms[t].b2 + w0});
      low.b.push_back({canvases[t].data + group * oc * one.plane(), nullptr});
    }
    low.a_outer = strided(ic, kernel);
    low.a_inner = grid(1, 0, oc, ic * kernel, kernel, 1);
    low.b_outer = grid(images, one.image(), h, one.width, wd, 1);
    low.b_inner.clear();
    for (std::size_t o = 0; o < oc; ++o)
      for (std::size_t ky = 0; ky < w[2]; ++ky)
        for (std::size_t kx = 0; kx < w[3]; ++kx)
          low.b_inner.push_back(o * one.plane() + (reach_h - ky * g.dilation_h) * one.width + reach_w -
                                kx * g.dilation_w);
    low.row = strided(ic, pixels);
    low.column = grid(images, out.shape[1] * pixels, 1, 0, pixels, 1);
    run(compute, field, low, out.data() + (begin * out.shape[1] + group * ic) * pixels);
  }
}

void conv_grad_weight(const Compute& compute, const Bilinear& map, Field field, const Shape& x, const Shape& d,
                      std::span<const BilinearTerm> terms, std::size_t begin, std::size_t end, RingTensor& out) {
  const ConvGeometry& g = map.conv;
  const std::size_t images = x[0], oc = d[1] / g.groups, ic = out.shape[1], kh = out.shape[2], kw = out.shape[3];
  const std::size_t pixels = d[2] * d[3], each = ic * kh * kw;
  std::vector<Canvas> canvases;
  for (const auto& t : terms)
    canvases.emplace_back(t.a, t.a2, images, x[1], x[2], x[3], 1, 1, signed_size(g.pad_top), signed_size(g.pad_left),
                          x[2] + g.pad_top + g.pad_bottom, x[3] + g.pad_left + g.pad_right);
  const Canvas& one = canvases.front();
  std::fill(out.data() + begin * each, out.data() + end * each, 0);
  for (std::size_t group = begin / oc; group * oc < end; ++group) {
    const std::size_t o0 = std::max(begin, group * oc), o1 = std::min(end, (group + 1) * oc);
    Lowered low;
    for (std::size_t t = 0; t < terms.size(); ++t) {
      low.a.push_back({terms[t].b + o0 * pixels, terms[t].b2 == nullptr ? nullptr : terms[t].b2 + o0 * pixels});
      low.b.push_back({canvases[t].data + group * ic * one.plane(), nullptr});
    }
    low.a_outer = strided(o1 - o0, pixels);
    low.a_inner = grid(images, d[1] * pixels, 1, 0, pixels, 1);
    low.b_outer = grid(ic, one.plane(), kh, g.dilation_h * one.width, kw, g.dilation_w);
    low.b_inner = grid(images, one.image(), d[2], g.stride_h * one.width, d[3], g.stride_w);
    low.row = strided(o1 - o0, each);
    low.column = strided(each, 1);
    run(compute, field, low, out.data() + o0 * each);
  }
}

}  // namespace

void evaluate_by_gemm(const Compute& compute, const Bilinear& map, Field field, const Shape& a, const Shape& b,
                      std::span<const BilinearTerm> terms, std::size_t begin, std::size_t end, RingTensor& out) {
  switch (map.kind) {
    case Kind::MatMul: return matmul(compute, map, field, a, b, terms, begin, end, out);
    case Kind::Conv: return conv(compute, map, field, a, b, terms, begin, end, out);
    case Kind::ConvGradInput: return conv_grad_input(compute, map, field, a, b, terms, begin, end, out);
    case Kind::ConvGradWeight: return conv_grad_weight(compute, map, field, a, b, terms, begin, end, out);
    default: ensure(false, "not a matrix product");
  }
}

void evaluate_elementwise(const Compute& compute, const Bilinear& map, Field field,
                          std::span<const BilinearTerm> terms, std::size_t begin, std::size_t end, Word* out) {
  const RingKernels& k = compute.kernels;
  auto body = [&](std::size_t from, std::size_t to) {
    constexpr std::size_t kStep = 512;
    Word left[kStep], right[kStep], product[kStep];
    for (std::size_t i = from; i < to; i += kStep) {
      const std::size_t n = std::min(kStep, to - i);
      for (std::size_t t = 0; t < terms.size(); ++t) {
        const Word *a = terms[t].a + i, *b = terms[t].b + i;
        const bool bits = map.kind == Kind::And;
        auto sum = bits ? k.bit_xor : k.add;
        if (terms[t].a2 != nullptr) sum(n, a, terms[t].a2 + i, left), a = left;
        if (terms[t].b2 != nullptr) sum(n, b, terms[t].b2 + i, right), b = right;
        Word* to_words = t == 0 ? out + i : product;
        if (field == Field::Double)
          for (std::size_t j = 0; j < n; ++j) to_words[j] = as_word(as_double(a[j]) * as_double(b[j]));
        else
          (bits ? k.bit_and : k.mul)(n, a, b, to_words);
        if (t > 0) sum(n, out + i, product, out + i);
      }
    }
  };
  compute.workers.parallel_for(end - begin, 4096,
                               [&](std::size_t from, std::size_t to) { body(begin + from, begin + to); });
}

}  // namespace tacit
