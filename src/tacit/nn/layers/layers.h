// The layers by kind, for table.cc. To add one: a file beside this, and one line here and in table.cc.
#pragma once

#include "tacit/nn/layers/layer.h"

namespace tacit::nn {

extern const Layer kAveragePoolLayer, kBatchNormLayer, kClipLayer, kConv2dLayer, kDenseLayer, kDropoutLayer,
    kEluLayer, kFlattenLayer, kGeluLayer, kGlobalAveragePoolLayer, kHardSigmoidLayer, kHardSwishLayer,
    kLayerNormLayer, kLeakyReluLayer, kMaxPoolLayer, kReluLayer, kReshapeLayer, kResidualLayer, kSigmoidLayer,
    kSoftplusLayer, kTanhLayer;

/// UsageError, with the nearest kind, if there is none.
const Layer& layer_named(std::string_view kind);

}  // namespace tacit::nn
