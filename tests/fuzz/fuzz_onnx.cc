// ONNX files. Most seeds are ONNX's own test cases, which run.py puts into the corpus.
#include "fuzz.h"
#include "tacit/job/testing/sample_job.h"
#include "tacit/nn/graph/onnx_check.h"
#include "tacit/nn/graph/onnx_export.h"
#include "tacit/nn/graph/onnx_import.h"
#include "tacit/nn/testing/recurrent.h"

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
  nn::import_onnx(
      path,
      {.fold_batch_norm = (mode & 1) != 0, .open_batch = (mode & 2) == 0, .keep_floats = (mode & 8) != 0});
}

std::vector<std::string> seeds() {
  std::vector<std::string> out;
  for (const char* name : {"logistic", "mlp"}) {
    const nn::Graph graph = nn::build_graph({4}, nn::network_named(name), 2, 1);
    std::vector<PublicTensor> parameters;
    for (nn::ValueId id : graph.parameters()) parameters.push_back(graph.values[id].initial);
    out.push_back(nn::export_onnx(graph, parameters, {}));
  }
  // Steps and sizes that are read from the file.
  testing::recurrent::Net layer;
  layer.direction = "bidirectional", layer.steps = 2;
  out.push_back(testing::recurrent::as_exported(testing::recurrent::filled(layer, 1, true, false)).bytes());
  testing::Model resize;
  resize.input("x", {0, 1, 2, 3}).output("y").hold(testing::integers("sizes", {4}, {1, 1, 4, 5}));
  testing::set_text(resize.node("Resize", {"x", "", "", "sizes"}, {"y"}), "mode", "linear");
  out.push_back(resize.bytes());
  return out;
}

}  // namespace tacit::fuzz
