// Layout, with P = h·w the size of the plane that a tile reads and C the channels of a block:
//   input     channel c, row u, column v        at  c·P + u·w + v
//   weights   output m, channel c, (i, j)       at  m·C·P + (C-1-c)·P + (kh-1-i)·w + (kw-1-j)
//   result    output m, window at (y, x)        at  m·C·P + (C-1)·P + (y+kh-1)·w + (x+kw-1)
// A sum of an input's and a weight's place is a result's only where the channels are the same and the input
// lies in the window, since the differences of columns and of rows are smaller than w and h; and nothing
// wraps around into a result's place as long as outputs·C·P <= n.
#include "tacit/he/linear/packing.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit::he {

LinearPacking LinearPacking::convolution(const ConvGeometry& g, const Shape& image, const Shape& weights,
                                         std::size_t degree) {
  require(image.size() == 3 && weights.size() == 4,
          "a convolution takes an image of 3 axes and weights of 4");
  require(g.dilation_h == 1 && g.dilation_w == 1, "dilated convolutions cannot be packed");
  const Shape out = Bilinear::convolution(g).output_shape({1, image[0], image[1], image[2]}, weights);
  LinearPacking p;
  p.geometry_ = g;
  p.groups_ = g.groups;
  p.channels_ = weights[1];
  p.outputs_ = weights[0] / g.groups;
  p.height_ = image[1], p.width_ = image[2];
  p.kernel_h_ = weights[2], p.kernel_w_ = weights[3];
  p.out_h_ = out[2], p.out_w_ = out[3];
  p.choose_blocks(degree);
  return p;
}

LinearPacking LinearPacking::matrix(std::size_t rows, std::size_t inner, std::size_t outputs,
                                    std::size_t degree) {
  LinearPacking p = convolution({}, {inner, 1, rows}, {outputs, inner, 1, 1}, degree);
  p.transposed_ = true;
  return p;
}

/// The cut with the fewest polynomials to be sent, and among those the fewest products.
void LinearPacking::choose_blocks(std::size_t degree) {
  degree_ = degree;
  auto reach = [](std::size_t tile, std::size_t stride, std::size_t kernel) {
    return (tile - 1) * stride + kernel;
  };
  tile_h_ = out_h_, tile_w_ = out_w_;
  auto size = [&] {
    return reach(tile_h_, geometry_.stride_h, kernel_h_) * reach(tile_w_, geometry_.stride_w, kernel_w_);
  };
  while (size() > degree && (tile_h_ > 1 || tile_w_ > 1)) {
    std::size_t& longer = tile_h_ >= tile_w_ ? tile_h_ : tile_w_;
    longer = (longer + 1) / 2;
  }
  require(size() <= degree, "a window of {} by {} does not fit polynomials of degree {}", kernel_h_,
          kernel_w_, degree);
  tiles_y_ = (out_h_ + tile_h_ - 1) / tile_h_;
  tiles_x_ = (out_w_ + tile_w_ - 1) / tile_w_;
  input_h_ = reach(tile_h_, geometry_.stride_h, kernel_h_);
  input_w_ = reach(tile_w_, geometry_.stride_w, kernel_w_);
  const std::size_t room = degree / plane();
  std::pair<std::size_t, std::size_t> best{};
  for (std::size_t c = 1; c <= std::min(channels_, room); ++c) {
    const std::size_t m = std::min(outputs_, room / c);
    const std::size_t in = (channels_ + c - 1) / c, out = (outputs_ + m - 1) / m;
    if (const std::pair cost(in + out, in * out); c == 1 || cost < best) {
      best = cost;
      block_channels_ = c, block_outputs_ = m;
    }
  }
}

std::size_t LinearPacking::result_size() const { return groups_ * outputs_ * out_h_ * out_w_; }

LinearPacking::Tile LinearPacking::tile_of(std::size_t index) const {
  const std::size_t group = index / tiles(), y = index % tiles() / tiles_x_ * tile_h_,
                    x = index % tiles_x_ * tile_w_;
  return {group, y, x, std::min(tile_h_, out_h_ - y), std::min(tile_w_, out_w_ - x)};
}

Plaintext LinearPacking::input(std::size_t i, std::span<const Word> x) const {
  ensure(i < inputs() && x.size() == groups_ * channels_ * height_ * width_, "an input of the packing");
  const Tile tile = tile_of(i / channel_blocks());
  const std::size_t first = i % channel_blocks() * block_channels_;
  Plaintext out(degree_, 0);
  for (std::size_t c = 0; c < block_channels_ && first + c < channels_; ++c)
    for (std::size_t u = 0; u < input_h_; ++u)
      for (std::size_t v = 0; v < input_w_; ++v) {
        // Places in the padding wrap around to something too large.
        const std::size_t row = tile.y * geometry_.stride_h + u - geometry_.pad_top;
        const std::size_t column = tile.x * geometry_.stride_w + v - geometry_.pad_left;
        if (row >= height_ || column >= width_) continue;
        const std::size_t channel = tile.group * channels_ + first + c;
        // A matrix' rows lie along the width, its inner axis along the channels.
        const std::size_t from =
            transposed_ ? column * channels_ + channel : (channel * height_ + row) * width_ + column;
        out[c * plane() + u * input_w_ + v] = x[from];
      }
  return out;
}

std::optional<Plaintext> LinearPacking::factor(std::size_t i, std::size_t o,
                                               std::span<const Word> weights) const {
  ensure(i < inputs() && o < outputs() &&
             weights.size() == groups_ * outputs_ * channels_ * kernel_h_ * kernel_w_,
         "weights of the packing");
  if (i / channel_blocks() != o / output_blocks()) return std::nullopt;
  const std::size_t group = tile_of(i / channel_blocks()).group;
  const std::size_t first_c = i % channel_blocks() * block_channels_;
  const std::size_t first_m = o % output_blocks() * block_outputs_;
  Plaintext out(degree_, 0);
  for (std::size_t m = 0; m < block_outputs_ && first_m + m < outputs_; ++m)
    for (std::size_t c = 0; c < block_channels_ && first_c + c < channels_; ++c)
      for (std::size_t a = 0; a < kernel_h_; ++a)
        for (std::size_t b = 0; b < kernel_w_; ++b) {
          const std::size_t from =
              (((group * outputs_ + first_m + m) * channels_ + first_c + c) * kernel_h_ + a) * kernel_w_ + b;
          out[(m * block_channels_ + block_channels_ - 1 - c) * plane() + (kernel_h_ - 1 - a) * input_w_ +
              (kernel_w_ - 1 - b)] = weights[from];
        }
  return out;
}

std::vector<LinearPacking::Wanted> LinearPacking::wanted(std::size_t o) const {
  ensure(o < outputs(), "an output of the packing");
  const Tile tile = tile_of(o / output_blocks());
  const std::size_t first = o % output_blocks() * block_outputs_;
  std::vector<Wanted> out;
  for (std::size_t m = 0; m < block_outputs_ && first + m < outputs_; ++m)
    for (std::size_t y = 0; y < tile.height; ++y)
      for (std::size_t x = 0; x < tile.width; ++x) {
        const std::size_t channel = tile.group * outputs_ + first + m;
        const std::size_t row = tile.y + y, column = tile.x + x;
        out.push_back(
            {((m + 1) * block_channels_ - 1) * plane() + (y * geometry_.stride_h + kernel_h_ - 1) * input_w_ +
                 (x * geometry_.stride_w + kernel_w_ - 1),
             transposed_ ? column * outputs_ + channel : (channel * out_h_ + row) * out_w_ + column});
      }
  return out;
}

}  // namespace tacit::he
