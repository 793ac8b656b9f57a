// Level 3 in the demo: the last layers stay with the vendor, whose server runs for as long as the office
// asks.
#include "demo_sealed.h"
#include "tacit/base/error.h"
#include "tacit/data/write.h"
#include "tacit/net/transports/socket.h"
#include "tacit/nn/graph/onnx_import.h"
#include "tacit/trace/plain_model.h"

namespace tacit::app::sealed_demo {

namespace {

/// Of the largest score: what fixed point of ten bits behind the point may change.
constexpr double kSplitTolerance = 1e-2;
constexpr std::size_t kFewDigits = 10, kFewerDigits = 3;  ///< that are asked: each takes a preparation
constexpr const char *kSegment = "keys/split.segment", *kFewFile = "few.npy";

bool has_matrix(const nn::Graph& graph, const nn::Node& node) {
  for (const auto input : node.inputs)
    if (input != nn::kNoValue && graph.values[input].initial.shape.size() >= 2) return true;
  return false;
}

/// The nodes from the last layer of weights but one to the end, as --protect takes them.
std::string last_two_layers(const nn::Graph& graph) {
  std::size_t layers = 0;
  for (std::size_t n = graph.nodes.size(); n-- > 0;)
    if (has_matrix(graph, graph.nodes[n]) && ++layers == 2)
      return fmt::format("{}-{}", n + 1, graph.nodes.size());
  throw std::runtime_error("the demo's model has no two layers of weights; please report it");
}

PublicTensor first_of(const PublicTensor& all, std::size_t rows) {
  PublicTensor out{all.shape, all.values};
  out.values.resize(all.values.size() / all.shape.at(0) * rows);
  out.shape[0] = rows;
  return out;
}

}  // namespace

void split_and_run(Stage& stage) {
  say(stage.style,
      "\nOf a third file the last layers stay with the vendor. The office computes them together with the\n"
      "vendor's server, which sees neither its digits nor the answers:");
  const nn::Graph model = nn::import_onnx(stage.folder / "model.onnx", {.fold_batch_norm = true});
  // Listened on from now on, so that nobody takes the port before the server has it.
  const FileDescriptor listener = listen_on({"127.0.0.1", 0});
  const std::string at = fmt::format("127.0.0.1:{}", local_port(listener));
  seal_one(stage, kWithoutLayers, {kOffice}, false,
           {"--protect", last_two_layers(model), "--vendor-address", at, "--segment", kSegment});
  const PublicTensor few = first_of(images_of(stage.kept_back), stage.quick ? kFewerDigits : kFewDigits);
  write_npy(stage.folder / kFewFile, few.shape, few.values);
  const auto server =
      stage.commands.started({"serve", kSegment}, {"--listen-fd", std::to_string(listener.get())},
                             listener.get(), "serving the segment");
  run_one(stage, kOffice, kWithoutLayers, kFewFile, trace::PlainModel(model, 0).run(few), kSplitTolerance);
}

}  // namespace tacit::app::sealed_demo
