#include "tacit/ring/bilinear.h"

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/ring/lowering.h"

namespace tacit {

namespace {

using Kind = Bilinear::Kind;

std::size_t conv_extent(std::size_t in, std::size_t pad, std::size_t kernel, std::size_t dilation,
                        std::size_t stride) {
  const std::size_t window = dilation * (kernel - 1) + 1;
  require(kernel > 0 && stride > 0 && in + pad >= window,
          "a window of {} does not fit an input of {} (+{} padding)", window, in, pad);
  return (in + pad - window) / stride + 1;
}

void require_conv(const Shape& x, const Shape& w, const ConvGeometry& g) {
  require(x.size() == 4 && w.size() == 4, "a convolution needs two tensors of 4 axes, not {} and {}",
          to_string(x), to_string(w));
  require(g.groups > 0 && x[1] % g.groups == 0 && w[0] % g.groups == 0 && w[1] == x[1] / g.groups,
          "a convolution of {} channels in {} groups does not fit weights {}", x[1], g.groups, to_string(w));
}

}  // namespace

Shape Bilinear::output_shape(const Shape& a, const Shape& b) const {
  switch (kind) {
    case Kind::Mul:
    case Kind::And:
      require(a == b, "shapes {} and {} differ", to_string(a), to_string(b));
      return a;
    case Kind::MatMul: {
      require(a.size() >= 2 && a.size() == b.size() && std::equal(a.begin(), a.end() - 2, b.begin()),
              "a matrix product does not fit {} and {}", to_string(a), to_string(b));
      const std::size_t r = a.size();
      const std::size_t m = a[r - 2 + (transpose_a ? 1 : 0)], ka = a[r - 1 - (transpose_a ? 1 : 0)];
      const std::size_t n = b[r - 1 - (transpose_b ? 1 : 0)], kb = b[r - 2 + (transpose_b ? 1 : 0)];
      require(ka == kb, "a matrix product does not fit {}{} and {}{}", to_string(a),
              transpose_a ? " transposed" : "", to_string(b), transpose_b ? " transposed" : "");
      Shape out(a.begin(), a.end() - 2);
      out.insert(out.end(), {m, n});
      return out;
    }
    case Kind::Conv:
      require_conv(a, b, conv);
      return {a[0], b[0],
              conv_extent(a[2], conv.pad_top + conv.pad_bottom, b[2], conv.dilation_h, conv.stride_h),
              conv_extent(a[3], conv.pad_left + conv.pad_right, b[3], conv.dilation_w, conv.stride_w)};
    case Kind::ConvGradInput: {
      require(a.size() == 4 && b.size() == 4, "a convolution's gradient needs tensors of 4 axes");
      const Shape x{a[0], b[1] * conv.groups, input_h, input_w};
      require(convolution(conv).output_shape(x, b) == a, "{} is no gradient of a convolution of {} by {}",
              to_string(a), to_string(x), to_string(b));
      return x;
    }
    case Kind::ConvGradWeight: {
      require(a.size() == 4 && b.size() == 4 && conv.groups > 0,
              "a convolution's gradient needs tensors of 4 axes");
      const Shape w{b[1], a[1] / conv.groups, kernel_h, kernel_w};
      require(convolution(conv).output_shape(a, w) == b, "{} is no gradient of a convolution of {} by {}",
              to_string(b), to_string(a), to_string(w));
      return w;
    }
  }
  return {};
}

std::size_t Bilinear::multiply_adds(const Shape& a, const Shape& b) const {
  const Shape out = output_shape(a, b);
  const std::size_t n = elements(out);
  switch (kind) {
    case Kind::Mul:
    case Kind::And:
      return n;
    case Kind::MatMul:
      return n * a[a.size() - 1 - (transpose_a ? 1 : 0)];
    case Kind::Conv:
      return n * b[1] * b[2] * b[3];
    case Kind::ConvGradInput:
      return elements(a) * b[1] * b[2] * b[3];
    case Kind::ConvGradWeight:
      return elements(b) * out[1] * out[2] * out[3];
  }
  return 0;
}

std::size_t Bilinear::terms(const Shape& a, const Shape& b) const {
  std::size_t n = 1;
  switch (kind) {
    case Kind::Mul:
    case Kind::And:
      break;
    case Kind::MatMul:
      n = a[a.size() - 1 - (transpose_a ? 1 : 0)];
      break;
    case Kind::Conv:
      n = b[1] * b[2] * b[3];
      break;
    case Kind::ConvGradInput:
      n = b[0] / conv.groups * b[2] * b[3];
      break;
    case Kind::ConvGradWeight:
      n = b[0] * b[2] * b[3];
      break;
  }
  return std::max<std::size_t>(n, 1);
}

std::size_t Bilinear::outer(const Shape& a, const Shape& b) const {
  const Shape out = output_shape(a, b);
  switch (kind) {
    case Kind::Mul:
    case Kind::And:
      return elements(out);
    case Kind::MatMul:
      return out.back() == 0 ? 0 : elements(out) / out.back();
    default:
      return out[0];
  }
}

void evaluate(const Compute& compute, const Bilinear& map, Field field, const Shape& a, const Shape& b,
              std::span<const BilinearTerm> terms, std::size_t begin, std::size_t end, RingTensor& out) {
  ensure(begin <= end && end <= map.outer(a, b) && out.shape == map.output_shape(a, b),
         "range of a bilinear map");
  if (begin == end || out.size() == 0) return;
  if (map.kind == Kind::Mul || map.kind == Kind::And)
    evaluate_elementwise(compute, map, field, terms, begin, end, out.data());
  else
    evaluate_by_gemm(compute, map, field, a, b, terms, begin, end, out);
}

RingTensor evaluate(const Compute& compute, const Bilinear& map, Field field, const RingTensor& a,
                    const RingTensor& b) {
  RingTensor out(map.output_shape(a.shape, b.shape));
  const BilinearTerm term{a.data(), nullptr, b.data(), nullptr};
  evaluate(compute, map, field, a.shape, b.shape, {&term, 1}, 0, map.outer(a.shape, b.shape), out);
  return out;
}

}  // namespace tacit
