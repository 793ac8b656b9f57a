// Residual networks of bottleneck blocks (He et al., "Deep residual learning for image recognition", 2016,
// table 1), with a normalisation after each convolution and, as is usual since, the stride of a stage in the
// convolution of three by three.
#pragma once

#include "tacit/nn/graph/graph.h"

namespace tacit::nn {

/// By default ResNet-50: 25,557,032 numbers that are trained.
struct ResNetSize {
  std::size_t image = 224;     ///< height and width, of three colours
  std::size_t classes = 1000;  ///< outputs, as scores
  std::size_t width = 64;      ///< channels of the first convolution; a stage has twice those before it
  std::vector<std::size_t> blocks = {3, 4, 6, 3};  ///< of each stage
};

/// Numbers that nothing was trained on: weights as of any layer (GraphBuilder::weights), and normalisations
/// whose running statistics and factors are near 0 and 1, but for those at the end of a block, near 1/4, so
/// that sums stay small. All follow from the seed. UsageError for a size that leaves a layer nothing.
Graph resnet(const ResNetSize& size, std::uint64_t seed);

}  // namespace tacit::nn
