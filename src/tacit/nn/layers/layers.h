// The layers by kind, for table.cc. To add one: a file beside this, and one line here and in table.cc.
#pragma once

#include "tacit/nn/layers/layer.h"

namespace tacit::nn {

extern const Layer kAveragePoolLayer, kClipLayer, kConv2dLayer, kDenseLayer, kFlattenLayer, kGlobalAveragePoolLayer,
    kHardSigmoidLayer, kLeakyReluLayer, kMaxPoolLayer, kReluLayer, kReshapeLayer, kResidualLayer, kSigmoidLayer,
    kTanhLayer;

/// UsageError, with the nearest kind, if there is none.
const Layer& layer_named(std::string_view kind);

}  // namespace tacit::nn
