// Bilinear maps of two tensors: the one kind of operation that costs a protocol communication, described as
// data so that every protocol needs a single hook for all of them. A map can be evaluated over the ring, over
// doubles, and, for And, over packed bits; sums of products of sums are taken in one pass, and any range of
// the output's outer axis can be computed alone.
#pragma once

#include "tacit/ring/compute.h"
#include "tacit/ring/tensor.h"

namespace tacit {

/// Two-dimensional convolution (cross-correlation, as in ONNX Conv), NCHW. Paddings may be uneven.
struct ConvGeometry {
  std::size_t stride_h = 1, stride_w = 1;
  std::size_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  std::size_t dilation_h = 1, dilation_w = 1;
  std::size_t groups = 1;
  bool operator==(const ConvGeometry&) const = default;
};

struct Bilinear {
  enum class Kind {
    Mul,             ///< element by element, equal shapes
    MatMul,          ///< [.., m, k] · [.., k, n], either factor transposed; leading axes equal
    Conv,            ///< x[N,C,H,W], w[O,C/g,KH,KW] -> [N,O,OH,OW]
    ConvGradInput,   ///< d[N,O,OH,OW], w -> the gradient of x, whose height and width are `input_*`
    ConvGradWeight,  ///< x, d[N,O,OH,OW] -> the gradient of w, whose KH and KW are `kernel_*`
    And,             ///< packed bits, word by word
  };
  Kind kind = Kind::Mul;
  bool transpose_a = false, transpose_b = false;  ///< MatMul: the last two axes
  ConvGeometry conv;
  std::size_t input_h = 0, input_w = 0;    ///< ConvGradInput
  std::size_t kernel_h = 0, kernel_w = 0;  ///< ConvGradWeight

  static Bilinear mul() { return {}; }
  static Bilinear bit_and() { return {.kind = Kind::And, .conv = {}}; }
  static Bilinear matmul(bool transpose_a = false, bool transpose_b = false) {
    return {.kind = Kind::MatMul, .transpose_a = transpose_a, .transpose_b = transpose_b, .conv = {}};
  }
  static Bilinear convolution(const ConvGeometry& g) { return {.kind = Kind::Conv, .conv = g}; }

  /// The shape of the result; UsageError if the operands do not fit.
  Shape output_shape(const Shape& a, const Shape& b) const;
  /// Multiply-adds in one evaluation.
  std::size_t multiply_adds(const Shape& a, const Shape& b) const;
  /// Products that are added up in one element of the result, at most; at least 1.
  std::size_t terms(const Shape& a, const Shape& b) const;
  /// Length of the outer axis: elements (Mul, And), rows of all matrices (MatMul), images, or channels.
  std::size_t outer(const Shape& a, const Shape& b) const;
};

/// (a + a2)(b + b2); the second addends may be null.
struct BilinearTerm {
  const Word* a;
  const Word* a2;
  const Word* b;
  const Word* b2;
};

enum class Field { Ring, Double };

/// out[rows of the outer axis in [begin, end)] = Σ terms; other rows are left alone.
void evaluate(const Compute&, const Bilinear&, Field, const Shape& a, const Shape& b,
              std::span<const BilinearTerm> terms, std::size_t begin, std::size_t end, RingTensor& out);

/// The whole map of two tensors.
RingTensor evaluate(const Compute&, const Bilinear&, Field, const RingTensor& a, const RingTensor& b);

}  // namespace tacit
