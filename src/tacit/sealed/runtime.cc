#include "tacit/sealed/runtime.h"

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/base/workers.h"
#include "tacit/mpc/protocols/plain/engine.h"
#include "tacit/nn/graph/execute.h"
#include "tacit/nn/graph/onnx_import.h"
#include "tacit/secret/gate.h"

namespace tacit::sealed {

namespace {

/// Examples that are computed at a time.
constexpr std::size_t kBatch = 256;
/// Numbers are doubles; functions that are approximated are so to as many binary digits.
constexpr unsigned kFraction = 24;

nn::Graph import(ByteReader& text, std::uint64_t size, const std::string& name) {
  nn::ImportOptions options;
  options.fold_batch_norm = true;
  nn::Graph graph = nn::import_onnx(text, size, name, options);
  require(graph.inputs.size() == 1 && graph.outputs.size() == 1,
          "the model '{}' has {} inputs and {} outputs, and a sealed model runs with one of each", name,
          graph.inputs.size(), graph.outputs.size());
  return graph;
}

/// Opens what is no secret to its one party.
PublicTensor value_of(Engine& engine, const Secret<Real>& x) {
  RevealPolicy policy({{"answer", {"device"}, "there is nobody else", 1}}, {"device"});
  Ledger ledger;
  return *Gate::reveal(engine, ledger, x, policy.permit("answer")).opened;
}

Shape without_rows(Shape shape) {
  if (!shape.empty()) shape.erase(shape.begin());
  return shape;
}

}  // namespace

struct Runtime::State {
  State(const Header& h, nn::Graph g, unsigned threads)
      : header(h),
        graph(std::move(g)),
        example(without_rows(graph.values[graph.inputs[0]].shape)),
        workers(threads),
        engine(Compute{ring_kernels(detect_isa()), workers}),
        parameters(nn::initial_parameters(ctx, graph)) {
    // The engine has them now: once in memory is enough.
    for (const nn::ValueId id : graph.parameters()) graph.values[id].initial.values = {};
  }

  Header header;
  nn::Graph graph;
  Shape example;
  Workers workers;
  plain::DoubleEngine engine;
  fn::Ctx ctx{engine, kFraction};
  nn::Parameters parameters;
};

namespace {

nn::Graph graph_in(ByteReader& text, const Header& header) {
  require(header.level != Level::Guarded,
          "'{}' is sealed at level 2 (guarded), and opening it within this process would be level 1: ask a "
          "broker, which is of a user of its own ('tacit run --broker SOCKET')",
          header.model_name);
  require(header.level != Level::Split,
          "'{}' is sealed at level 3 (split): a segment of it is at its vendor, who has to be asked ('tacit run' "
          "does)",
          header.model_name);
  return import(text, header.text_size, header.model_name);
}

}  // namespace

Runtime::Runtime(OpenedModel model, unsigned threads)
    : state_(std::make_unique<State>(model.header(), graph_in(*model.text(RuntimeKey()), model.header()),
                                     threads)) {}

Runtime::~Runtime() = default;

nn::Graph Runtime::graph_of(OpenedModel model) { return graph_in(*model.text(RuntimeKey()), model.header()); }

const Header& Runtime::header() const { return state_->header; }
const Shape& Runtime::example() const { return state_->example; }

PublicTensor Runtime::run(const PublicTensor& examples) {
  State& s = *state_;
  require(!examples.shape.empty() && examples.shape[0] > 0 && without_rows(examples.shape) == s.example,
          "the examples have shape {}, and the model takes rows of {}", to_string(examples.shape),
          to_string(s.example));
  const std::size_t rows = examples.shape[0], width = elements(s.example);
  require(examples.values.size() == rows * width, "the examples have {} numbers where their shape needs {}",
          examples.values.size(), rows * width);
  PublicTensor out;
  for (std::size_t begin = 0; begin < rows; begin += kBatch) {
    const std::size_t now = std::min(kBatch, rows - begin);
    PublicTensor batch{examples.shape, {}};
    batch.shape[0] = now;
    const auto from = examples.values.begin() + static_cast<std::ptrdiff_t>(begin * width);
    batch.values.assign(from, from + static_cast<std::ptrdiff_t>(now * width));
    const Secret<Real> input[] = {fn::constant(s.ctx, batch)};
    const PublicTensor answer = value_of(s.engine, nn::forward(s.ctx, s.graph, s.parameters, input)[0]);
    require(!answer.shape.empty() && answer.shape[0] == now,
            "the model '{}' gives an output of shape {} for {} examples, which are no rows",
            s.header.model_name, to_string(answer.shape), now);
    if (out.shape.empty()) out.shape = answer.shape;
    out.values.insert(out.values.end(), answer.values.begin(), answer.values.end());
  }
  out.shape[0] = rows;
  return out;
}

void check_model_text(ByteReader& text, std::uint64_t size, const std::string& name) {
  import(text, size, name);
}

}  // namespace tacit::sealed
