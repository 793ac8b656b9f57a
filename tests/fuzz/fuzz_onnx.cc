// ONNX files. Most seeds are ONNX's own test cases, which run.py puts into the corpus.
#include "fuzz.h"
#include "tacit/job/testing/sample_job.h"
#include "tacit/nn/graph/onnx_check.h"
#include "tacit/nn/graph/onnx_export.h"
#include "tacit/nn/graph/onnx_import.h"

namespace tacit::fuzz {

void target(ByteView input) {
  static MemoryFile file;
  const auto& path = file.holding(input);
  // The last byte, which a parser of messages sees as well, chooses.
  const unsigned mode = input.empty() ? 0 : std::to_integer<unsigned>(input.back());
  if ((mode & 4) != 0) {
    nn::check_onnx(path);
    return;
  }
  nn::import_onnx(path, {.fold_batch_norm = (mode & 1) != 0, .open_batch = (mode & 2) == 0});
}

std::vector<std::string> seeds() {
  std::vector<std::string> out;
  for (const char* name : {"logistic", "mlp"}) {
    const nn::Graph graph = nn::build_graph({4}, nn::network_named(name), 2, 1);
    std::vector<PublicTensor> parameters;
    for (nn::ValueId id : graph.parameters()) parameters.push_back(graph.values[id].initial);
    out.push_back(nn::export_onnx(graph, parameters, {}));
  }
  return out;
}

}  // namespace tacit::fuzz
