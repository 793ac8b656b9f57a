// A convolution and its gradients differ from a matrix product in the lists of offsets alone (see gemm.h).
#include "tacit/ring/lowering.h"

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/ring/gemm.h"

namespace tacit {

namespace {

using Kind = Bilinear::Kind;

double as_double(Word w) { return std::bit_cast<double>(w); }
Word as_word(double d) { return std::bit_cast<Word>(d); }

void run(const Compute& compute, Field field, const GemmProblem& problem, Word* out, bool spread = true) {
  gemm(compute, field == Field::Ring ? *compute.kernels.gemm_ring : *compute.kernels.gemm_f64, problem, out,
       spread);
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
    const std::size_t r0 = std::max(begin, batch * m) - batch * m,
                      r1 = std::min(end, (batch + 1) * m) - batch * m;
    GemmProblem low;
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

/// Images (the sum of two, if x2 is not null) with their padding around them; without a copy if there is
/// none.
struct Canvas {
  std::size_t channels, height, width;
  Words words;
  const Word* data;

  Canvas(const Word* x, const Word* x2, std::size_t images, const Shape& shape, const ConvGeometry& g)
      : channels(shape[1]),
        height(shape[2] + g.pad_top + g.pad_bottom),
        width(shape[3] + g.pad_left + g.pad_right),
        data(x) {
    const std::size_t h = shape[2], w = shape[3];
    if (x2 == nullptr && height == h && width == w) return;
    words = height != h || width != w ? Words(images * image(), 0) : Words(images * image());
    Word* out = words.data();
    data = out;
    for (std::size_t i = 0; i < images * channels; ++i)
      for (std::size_t y = 0; y < h; ++y) {
        Word* to = out + (i * height + y + g.pad_top) * width + g.pad_left;
        const std::size_t from = (i * h + y) * w;
        for (std::size_t j = 0; j < w; ++j) to[j] = x[from + j] + (x2 == nullptr ? 0 : x2[from + j]);
      }
  }
  std::size_t plane() const { return height * width; }
  std::size_t image() const { return channels * plane(); }
};

void conv(const Compute& compute, const Bilinear& map, Field field, const Shape& x, const Shape& w,
          std::span<const BilinearTerm> terms, std::size_t begin, std::size_t end, RingTensor& out) {
  const ConvGeometry& g = map.conv;
  const std::size_t images = end - begin, oc = w[0] / g.groups, ic = w[1], oh = out.shape[2],
                    ow = out.shape[3];
  const std::size_t in = x[1] * x[2] * x[3], pixels = oh * ow;
  std::vector<Canvas> canvases;
  for (const auto& t : terms)
    canvases.emplace_back(t.a + begin * in, t.a2 == nullptr ? nullptr : t.a2 + begin * in, images, x, g);
  const Canvas& one = canvases.front();
  std::fill(out.data() + begin * w[0] * pixels, out.data() + end * w[0] * pixels, 0);
  for (std::size_t group = 0; group < g.groups; ++group) {
    GemmProblem low;
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
                     std::span<const BilinearTerm> terms, std::size_t begin, std::size_t end,
                     RingTensor& out) {
  // Each window's share of the gradient, w^T · d, is added where the window lay, on a canvas with the
  // padding; the canvas's inside is the result. Windows overlap, so threads take whole images.
  const ConvGeometry& g = map.conv;
  const std::size_t oc = w[0] / g.groups, ic = w[1], kernel = w[2] * w[3], pixels = d[2] * d[3];
  const std::size_t height = out.shape[2] + g.pad_top + g.pad_bottom,
                    width = out.shape[3] + g.pad_left + g.pad_right;
  const std::size_t plane = height * width, channels = out.shape[1];
  auto some_images = [&](std::size_t from, std::size_t to) {
    const std::size_t images = to - from;
    RingTensor canvas = RingTensor::zeros({images, channels, height, width});
    for (std::size_t group = 0; group < g.groups; ++group) {
      GemmProblem low;
      const std::size_t w0 = group * oc * ic * kernel, d0 = (from * d[1] + group * oc) * pixels;
      for (const auto& t : terms) {
        low.a.push_back({t.b + w0, t.b2 == nullptr ? nullptr : t.b2 + w0});
        low.b.push_back({t.a + d0, t.a2 == nullptr ? nullptr : t.a2 + d0});
      }
      low.a_outer = strided(ic * kernel, 1);
      low.a_inner = strided(oc, ic * kernel);
      low.b_outer = grid(images, d[1] * pixels, 1, 0, pixels, 1);
      low.b_inner = strided(oc, pixels);
      low.row = grid(ic, plane, w[2], g.dilation_h * width, w[3], g.dilation_w);
      low.column = grid(images, channels * plane, d[2], g.stride_h * width, d[3], g.stride_w);
      run(compute, field, low, canvas.data() + group * ic * plane, false);
    }
    for (std::size_t i = 0; i < images * channels; ++i)
      for (std::size_t y = 0; y < out.shape[2]; ++y)
        std::copy_n(canvas.data() + i * plane + (y + g.pad_top) * width + g.pad_left, out.shape[3],
                    out.data() + ((from * channels + i) * out.shape[2] + y) * out.shape[3]);
  };
  compute.workers.parallel_for(end - begin, 1 + (end - begin) / (4 * compute.workers.threads()),
                               [&](std::size_t i, std::size_t j) { some_images(begin + i, begin + j); });
}

void conv_grad_weight(const Compute& compute, const Bilinear& map, Field field, const Shape& x,
                      const Shape& d, std::span<const BilinearTerm> terms, std::size_t begin, std::size_t end,
                      RingTensor& out) {
  const ConvGeometry& g = map.conv;
  const std::size_t images = x[0], oc = d[1] / g.groups, ic = out.shape[1], kh = out.shape[2],
                    kw = out.shape[3];
  const std::size_t pixels = d[2] * d[3], each = ic * kh * kw;
  std::vector<Canvas> canvases;
  for (const auto& t : terms) canvases.emplace_back(t.a, t.a2, images, x, g);
  const Canvas& one = canvases.front();
  std::fill(out.data() + begin * each, out.data() + end * each, 0);
  for (std::size_t group = begin / oc; group * oc < end; ++group) {
    const std::size_t o0 = std::max(begin, group * oc), o1 = std::min(end, (group + 1) * oc);
    GemmProblem low;
    for (std::size_t t = 0; t < terms.size(); ++t) {
      low.a.push_back(
          {terms[t].b + o0 * pixels, terms[t].b2 == nullptr ? nullptr : terms[t].b2 + o0 * pixels});
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

void evaluate_by_gemm(const Compute& compute, const Bilinear& map, Field field, const Shape& a,
                      const Shape& b, std::span<const BilinearTerm> terms, std::size_t begin, std::size_t end,
                      RingTensor& out) {
  switch (map.kind) {
    case Kind::MatMul:
      return matmul(compute, map, field, a, b, terms, begin, end, out);
    case Kind::Conv:
      return conv(compute, map, field, a, b, terms, begin, end, out);
    case Kind::ConvGradInput:
      return conv_grad_input(compute, map, field, a, b, terms, begin, end, out);
    case Kind::ConvGradWeight:
      return conv_grad_weight(compute, map, field, a, b, terms, begin, end, out);
    default:
      ensure(false, "not a matrix product");
  }
}

void evaluate_elementwise(const Compute& compute, const Bilinear& map, Field field,
                          std::span<const BilinearTerm> terms, std::size_t begin, std::size_t end,
                          Word* out) {
  const RingKernels& k = compute.kernels;
  constexpr std::size_t kStep = 512;  // what is summed over the terms stays in the nearest cache
  auto ring = [&](const BilinearTerm& t, std::size_t i, std::size_t n, bool first) {
    auto at = [i](const Word* p) { return p == nullptr ? nullptr : p + i; };
    k.mul_add(n, first ? nullptr : out + i, at(t.a), at(t.a2), at(t.b), at(t.b2), out + i);
  };
  auto bits = [&](const BilinearTerm& t, std::size_t i, std::size_t n, bool first) {
    Word left[kStep], right[kStep];
    const Word *a = t.a + i, *b = t.b + i;
    if (t.a2 != nullptr) k.bit_xor(n, a, t.a2 + i, left), a = left;
    if (t.b2 != nullptr) k.bit_xor(n, b, t.b2 + i, right), b = right;
    (first ? k.bit_and : k.xor_and)(n, a, b, out + i);
  };
  auto doubles = [&](const BilinearTerm& t, std::size_t i, std::size_t n, bool first) {
    ensure(first && t.a2 == nullptr && t.b2 == nullptr, "doubles are not shared");
    for (std::size_t j = i; j < i + n; ++j) out[j] = as_word(as_double(t.a[j]) * as_double(t.b[j]));
  };
  auto over = [&](auto&& step) {
    compute.workers.parallel_for(end - begin, 4096, [&](std::size_t from, std::size_t to) {
      for (std::size_t i = begin + from; i < begin + to; i += kStep)
        for (const BilinearTerm& t : terms) step(t, i, std::min(kStep, begin + to - i), &t == &terms[0]);
    });
  };
  if (map.kind == Kind::And)
    over(bits);
  else if (field == Field::Double)
    over(doubles);
  else
    over(ring);
}

}  // namespace tacit
