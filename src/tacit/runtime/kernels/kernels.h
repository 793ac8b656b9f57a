// The inner loops of inference in float32, one table an instruction set. Pointers may be unaligned; a result
// may lie exactly where an operand lies, but must not overlap one otherwise.
#pragma once

#include <cstddef>

#include "tacit/base/cpu.h"

namespace tacit::runtime {

/// What happens to the last sum of a tile before it is stored.
struct TileEnd {
  const float* row_bias;     ///< one number a row of the tile, or null
  const float* column_bias;  ///< one a column, or null
  bool clamped;              ///< kept between low and high
  float low, high;
};

/// Functions of one number. `p` are parameters. Errors are those of the largest found over all floats, in
/// units of the last place; gelu, softplus and elu have them relative to the larger of |x| and 1.
enum class Unary {
  Abs,
  Clamp,        ///< max(x, p0), then min with p1
  Elu,          ///< p1 x, or p2 (e^(p0 x) - 1) below 0
  Erf,          ///< 4 units
  Exp,          ///< 2 units
  Gelu,         ///< x (1 + erf(x / sqrt 2)) / 2
  GeluTanh,     ///< the same by a tanh
  HardSigmoid,  ///< p0 x + p1, kept between 0 and 1
  HardSwish,    ///< x times that, of 1/6 and 1/2
  Leaky,        ///< x, or p0 x below 0
  Log,          ///< 3 units
  Neg,
  Not,  ///< 1 - x
  Reciprocal,
  Rsqrt,
  Scale,    ///< p0 x + p1
  Sigmoid,  ///< 4 units
  Sign,
  Softplus,
  Softsign,
  Sqrt,
  Square,
  Tanh,       ///< 3 units
  Threshold,  ///< x above p0, else 0
  kCount,
};

/// Functions of two numbers; comparisons and logic give and take 0 and 1.
enum class Binary {
  Add,
  And,
  Div,
  Equal,
  Less,
  LessOrEqual,
  Max,
  Min,
  Mul,
  Or,
  PRelu,  ///< a, or b a below 0
  Sub,
  Xor,
  kCount,
};

/// What becomes of a row of numbers.
enum class Row { Max, Min, Sum, SumOfMagnitudes, SumOfSquares, kCount };

/// One image of one channel, and the windows that slide over it.
struct Plane {
  std::size_t in_h, in_w, out_h, out_w;
  std::size_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
};

struct FloatKernels {
  Isa isa;

  /// Matrix products: c[rows x columns] (+)= A-panel · B-panel over kc steps. A panels lie as [kc][mr], B
  /// panels as [kc][nr]; rows <= mr and columns <= nr. `end` is null unless these are the last steps.
  std::size_t mr, nr;
  void (*tile)(std::size_t kc, const float* a, const float* b, float* c, std::size_t c_stride,
               std::size_t rows, std::size_t columns, bool add, const TileEnd* end);
  /// panel[k·width + i] = from[i·outer + k·inner] for i < count, else 0.
  void (*pack)(const float* from, std::ptrdiff_t outer, std::ptrdiff_t inner, std::size_t count,
               std::size_t steps, std::size_t width, float* panel);
  /// panel[k·width + i] = from[step[k] + place[i]] for i < count, else 0.
  void (*gather)(const float* from, const std::size_t* place, std::size_t count, const std::size_t* step,
                 std::size_t steps, std::size_t width, float* panel);

  void (*unary[static_cast<std::size_t>(Unary::kCount)])(std::size_t n, const float* x, const float* p,
                                                         float* out);
  /// `a_step` and `b_step`: 1, or 0 for one number that is meant for all n.
  void (*binary[static_cast<std::size_t>(Binary::kCount)])(std::size_t n, const float* a, std::size_t a_step,
                                                           const float* b, std::size_t b_step, float* out);
  /// out = c is not 0 ? a : b, with steps as above.
  void (*choose)(std::size_t n, const float* c, std::size_t c_step, const float* a, std::size_t a_step,
                 const float* b, std::size_t b_step, float* out);
  float (*row[static_cast<std::size_t>(Row::kCount)])(std::size_t n, const float* x);

  void (*softmax)(std::size_t n, const float* x, float* out);
  void (*log_softmax)(std::size_t n, const float* x, float* out);
  /// log of the sum of e^x
  float (*log_sum)(std::size_t n, const float* x);
  /// (x - mean)/sqrt(variance + epsilon), times scale, plus bias, which may be null
  void (*layer_norm)(std::size_t n, const float* x, const float* scale, const float* bias, float epsilon,
                     float* out);

  /// out[i] = x[i·stride]
  void (*every)(std::size_t n, const float* x, std::size_t stride, float* out);
  /// The largest of each window, and the sums of each weighed by `weight`, one a result. Padding is nothing.
  void (*max_pool)(const Plane&, const float* x, float* out);
  void (*sum_pool)(const Plane&, const float* x, const float* weight, float* out);
  /// out = bias + the sum of each window weighed by w[kernel_h][kernel_w]; with the end of a tile after it,
  /// of which row_bias is the bias, or null.
  void (*depthwise)(const Plane&, const float* x, const float* w, const TileEnd& end, float* out);
};

const FloatKernels& float_kernels(Isa isa);

}  // namespace tacit::runtime
