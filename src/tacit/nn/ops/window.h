// Sliding windows, as convolutions and pools share them.
#pragma once

#include "tacit/fn/linear.h"
#include "tacit/nn/attrs.h"

namespace tacit::nn {

/// Strides, pads (or auto_pad), dilations and group of an operator on x = [N, C, H, W] with the given kernel;
/// UsageError, naming the attribute, for what does not fit.
ConvGeometry window(const Attrs& attrs, const Shape& x, std::size_t kernel_h, std::size_t kernel_w);

/// The windows of a pool: kernel_shape, strides, pads, dilations, ceil_mode on x = [N, C, H, W].
class Windows {
 public:
  Windows(const Attrs& attrs, const Shape& x);

  std::size_t positions() const { return kernel_h_ * kernel_w_; }
  const ConvGeometry& geometry() const { return g_; }
  std::size_t kernel_h() const { return kernel_h_; }
  std::size_t kernel_w() const { return kernel_w_; }
  /// [N, C, OH, OW]
  const Shape& shape() const { return out_; }
  /// [positions, N, C, OH, OW]: each position of the window as one tensor; padding reads as `padding`.
  Secret<Real> take(fn::Ctx&, const Secret<Real>& x, double padding) const;
  /// The reverse of take for gradients: what windows that overlap give to one place is summed.
  Secret<Real> give_back(fn::Ctx&, const Secret<Real>& positions) const;

 private:
  std::vector<std::size_t> strides() const;
  Shape view() const;

  ConvGeometry g_;
  std::size_t kernel_h_, kernel_w_;
  Shape x_, padded_, out_;
};

}  // namespace tacit::nn
