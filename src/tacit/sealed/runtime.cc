#include "tacit/sealed/runtime.h"

#include "tacit/base/error.h"
#include "tacit/nn/graph/onnx_import.h"
#include "tacit/runtime/rows.h"

namespace tacit::sealed {

namespace {

nn::Graph import(ByteReader& text, std::uint64_t size, const std::string& name, bool keep_floats) {
  nn::ImportOptions options;
  options.fold_batch_norm = true;
  options.keep_floats = keep_floats;
  nn::Graph graph = nn::import_onnx(text, size, name, options);
  require(graph.inputs.size() == 1 && graph.outputs.size() == 1,
          "the model '{}' has {} inputs and {} outputs, and a sealed model runs with one of each", name,
          graph.inputs.size(), graph.outputs.size());
  return graph;
}

nn::Graph graph_in(ByteReader& text, const Header& header, bool keep_floats) {
  require(header.level != Level::Guarded,
          "'{}' is sealed at level 2 (guarded), and opening it within this process would be level 1: ask a "
          "broker, which is of a user of its own ('tacit run --broker SOCKET')",
          header.model_name);
  require(
      header.level != Level::Split,
      "'{}' is sealed at level 3 (split): a segment of it is at its vendor, who has to be asked ('tacit run' "
      "does, and in programs tacit_open_split)",
      header.model_name);
  return import(text, header.text_size, header.model_name, keep_floats);
}

}  // namespace

struct Runtime::State {
  State(const Header& h, nn::Graph graph, unsigned threads)
      : header(h), rows(std::move(graph), fmt::format("the model '{}'", h.model_name), threads) {}

  Header header;
  runtime::Rows rows;
};

Runtime::Runtime(OpenedModel model, unsigned threads)
    : state_(std::make_unique<State>(model.header(),
                                     graph_in(*model.text(RuntimeKey()), model.header(), true), threads)) {}

Runtime::~Runtime() = default;

nn::Graph Runtime::graph_of(OpenedModel model) {
  return graph_in(*model.text(RuntimeKey()), model.header(), false);
}

const Header& Runtime::header() const { return state_->header; }
const Shape& Runtime::example() const { return state_->rows.example(); }

PublicTensor Runtime::run(const PublicTensor& examples) const { return state_->rows.run(examples); }

void check_model_text(ByteReader& text, std::uint64_t size, const std::string& name) {
  import(text, size, name, true);
}

}  // namespace tacit::sealed
