// Linear layers as products of polynomials, without rotations: coefficients of a product modulo X^n + 1 are
// sums of products of coefficients, and both factors can be laid out so that wanted sums come out in known
// places (Huang et al., "Cheetah", 2022, sections 3.1 and 3.2). A matrix product is a convolution with
// windows of 1.
#pragma once

#include <optional>

#include "tacit/he/bfv/bfv.h"
#include "tacit/ring/bilinear.h"

namespace tacit::he {

/// How one linear map is cut into polynomials. Input polynomial i times factor (i, o), summed over i, is
/// output polynomial o, of which only some coefficients are wanted; the others tell of the input and the
/// weights together, and must not be given away.
class LinearPacking {
 public:
  /// One image [channels, height, width] by weights [outputs, channels / groups, kernel, kernel].
  static LinearPacking convolution(const ConvGeometry& geometry, const Shape& image, const Shape& weights,
                                   std::size_t degree);
  /// [rows, inner] by [outputs, inner], transposed: the rows of a batch, dense weights as ONNX's Gemm has
  /// them.
  static LinearPacking matrix(std::size_t rows, std::size_t inner, std::size_t outputs, std::size_t degree);

  std::size_t inputs() const { return groups_ * tiles() * channel_blocks(); }
  std::size_t outputs() const { return groups_ * tiles() * output_blocks(); }
  /// Of an input polynomial and a factor: pairs for which there is one.
  std::size_t products() const { return inputs() * output_blocks(); }
  /// Of the flat result [outputs, height, width], or [rows, outputs].
  std::size_t result_size() const;

  Plaintext input(std::size_t i, std::span<const Word> x) const;
  /// Null where no product is needed.
  std::optional<Plaintext> factor(std::size_t i, std::size_t o, std::span<const Word> weights) const;

  struct Wanted {
    std::size_t coefficient;  ///< of the output polynomial
    std::size_t result;       ///< its place in the flat result
  };
  std::vector<Wanted> wanted(std::size_t o) const;

 private:
  struct Tile {  ///< of the outputs' plane
    std::size_t group, y, x, height, width;
  };
  LinearPacking() = default;
  void choose_blocks(std::size_t degree);
  std::size_t tiles() const { return tiles_y_ * tiles_x_; }
  std::size_t channel_blocks() const { return (channels_ + block_channels_ - 1) / block_channels_; }
  std::size_t output_blocks() const { return (outputs_ + block_outputs_ - 1) / block_outputs_; }
  std::size_t plane() const { return input_h_ * input_w_; }
  Tile tile_of(std::size_t index) const;

  ConvGeometry geometry_;
  bool transposed_ = false;  ///< a matrix: rows lie along the width, and results are wanted row by row
  std::size_t degree_ = 0, groups_ = 1;
  std::size_t channels_ = 0, outputs_ = 0;  ///< a group
  std::size_t height_ = 0, width_ = 0, out_h_ = 0, out_w_ = 0, kernel_h_ = 1, kernel_w_ = 1;
  std::size_t tile_h_ = 0, tile_w_ = 0, tiles_y_ = 1, tiles_x_ = 1;  ///< of the outputs' plane
  std::size_t input_h_ = 0, input_w_ = 0;                            ///< what a full tile reads
  std::size_t block_channels_ = 1, block_outputs_ = 1;
};

}  // namespace tacit::he
