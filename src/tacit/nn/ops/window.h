// Sliding windows as convolutions and pools share them: attributes to geometry.
#pragma once

#include "tacit/nn/attrs.h"
#include "tacit/ring/bilinear.h"

namespace tacit::nn {

/// Strides, pads (or auto_pad), dilations and group of an operator on x = [N, C, H, W] with the given kernel;
/// UsageError, naming the attribute, for what does not fit.
ConvGeometry window(const Attrs& attrs, const Shape& x, std::size_t kernel_h, std::size_t kernel_w);
/// [N, C, OH, OW] of windows of that size; `ceil` rounds the extents up.
Shape windows_shape(const ConvGeometry& g, const Shape& x, std::size_t kernel_h, std::size_t kernel_w, bool ceil);

}  // namespace tacit::nn
