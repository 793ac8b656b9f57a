// Networks as ONNX files: operator set 17 (20 with a Gelu, which is that young), float32, and an open batch
// size "N".
#pragma once

#include <map>
#include <string>

#include "tacit/nn/graph/graph.h"

namespace tacit::nn {

struct ExportInfo {
  std::string name;                               ///< of the graph
  std::map<std::string, std::string> properties;  ///< the file's metadata
};

/// The file's bytes. `parameters` stand for the initial numbers, in the order of Graph::parameters().
/// Importing the file gives the same graph, and the same numbers rounded to float32.
std::string export_onnx(const Graph& graph, const std::vector<PublicTensor>& parameters,
                        const ExportInfo& info);

}  // namespace tacit::nn
