// What layers with a sliding window have in common: from a layer's stride and padding to ONNX's attributes.
#pragma once

#include "tacit/nn/layers/layer.h"

namespace tacit::nn {

/// strides and pads, or auto_pad for padding = "same".
Attrs window_attrs(const LayerSpec& layer, std::int64_t stride = 1);

}  // namespace tacit::nn
