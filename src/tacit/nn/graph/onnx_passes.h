// What is done to a graph once it is read.
#pragma once

#include "tacit/nn/graph/graph.h"

namespace tacit::nn::onnx_io {

/// Only what the outputs depend on, in a fixed order: inputs, then these parameters, then the rest as it
/// runs.
Graph pruned(Graph graph, const std::vector<ValueId>& parameters);
/// Batch normalisations into the convolution or Gemm before them, where nothing else reads its result.
void fold_batch_norms(Graph& graph);

}  // namespace tacit::nn::onnx_io
