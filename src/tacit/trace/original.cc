#include "tacit/trace/original.h"

#include <onnx/onnx_pb.h>

#include <cmath>
#include <map>

#include "tacit/base/error.h"
#include "tacit/nn/graph/onnx_file.h"
#include "tacit/nn/graph/onnx_import.h"
#include "tacit/nn/graph/onnx_tensor.h"

namespace tacit::trace {

namespace {

/// The most that an ONNX file holds.
constexpr std::uint64_t kLargest = std::uint64_t{1} << 31;

Bytes all_of(ByteReader& from, std::uint64_t size, const std::string& name) {
  require(size > 0 && size < kLargest, "the model '{}' has {} bytes, and an ONNX file has 1 to 2 GiB", name,
          size);
  Bytes out(size);
  from.read(out);
  return out;
}

::onnx::ModelProto parse(ByteView text, const std::string& name) {
  MemoryReader from(text);
  return nn::onnx_io::read_model(from, text.size(), fmt::format("the model '{}'", name));
}

nn::Graph import(ByteView text, const std::string& name) {
  MemoryReader from(text);
  return nn::import_onnx(from, text.size(), name, {});
}

/// Without axes of one place, which move no number.
Shape squeezed(Shape shape) {
  std::erase(shape, 1u);
  return shape;
}

/// Whether the file's tensor is float32 and holds the layer's numbers where the layer has them.
bool carries_it(const ::onnx::TensorProto& tensor, const nn::ValueInfo& value) {
  if (tensor.data_type() != ::onnx::TensorProto::FLOAT) return false;
  const nn::onnx_io::Tensor read = nn::onnx_io::read_tensor(tensor, std::nullopt);
  return squeezed(read.shape) == squeezed(value.initial.shape) && read.values == value.initial.values;
}

}  // namespace

struct OriginalModel::State {
  std::string name;
  Digest digest;
  ::onnx::ModelProto model;
  nn::Graph graph;
  std::vector<Layer> layers;
  std::vector<int> tensors;  ///< of each layer, in the file's list
};

OriginalModel::OriginalModel(ByteReader& from, std::uint64_t size, const std::string& name)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  const Bytes text = all_of(from, size, name);
  s.name = name;
  s.digest = sha256(text);
  s.model = parse(text, name);
  s.graph = import(text, name);
  const auto& tensors = s.model.graph().initializer();
  std::map<std::string, int> named;
  for (int i = 0; i < tensors.size(); ++i)
    if (const auto [at, fresh] = named.emplace(nn::onnx_io::clean(tensors[i].name()), i); !fresh)
      at->second = -1;  // two that are called alike in the graph
  const std::vector<Layer> found = layers_of(s.graph);
  // A layer's producer is one of those that are kept, or unknown.
  std::vector<std::optional<std::size_t>> kept(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto at = named.find(found[i].name);
    if (at == named.end() || at->second < 0 ||
        !carries_it(tensors[at->second], s.graph.values[found[i].value]))
      continue;
    kept[i] = s.layers.size();
    s.layers.push_back(found[i]);
    if (found[i].producer) s.layers.back().producer = kept[*found[i].producer];
    s.tensors.push_back(at->second);
  }
}

OriginalModel::~OriginalModel() = default;
OriginalModel::OriginalModel(OriginalModel&&) noexcept = default;
OriginalModel& OriginalModel::operator=(OriginalModel&&) noexcept = default;

const std::string& OriginalModel::name() const { return state_->name; }
const Digest& OriginalModel::digest() const { return state_->digest; }
const nn::Graph& OriginalModel::graph() const { return state_->graph; }
const std::vector<Layer>& OriginalModel::layers() const { return state_->layers; }

std::string OriginalModel::with(const std::vector<std::vector<double>>& changes) const {
  const State& s = *state_;
  ensure(changes.size() == s.layers.size(), "changes for each layer");
  ::onnx::ModelProto model = s.model;
  for (std::size_t n = 0; n < changes.size(); ++n) {
    const Layer& layer = s.layers[n];
    ensure(changes[n].size() == layer.weights.size(), "a change for each weight");
    std::vector<float> numbers(layer.weights.size());
    for (std::size_t r = 0; r < layer.rows; ++r)
      for (std::size_t c = 0; c < layer.columns; ++c) {
        const std::size_t i = r * layer.columns + c;
        const auto number = static_cast<float>(layer.weights[i] + changes[n][i]);
        require(std::isfinite(number), "the weight '{}' of the model '{}' is too large to be moved",
                nn::onnx_io::printable(layer.name), s.name);
        numbers[layer.place(r, c)] = number;
      }
    ::onnx::TensorProto& tensor = *model.mutable_graph()->mutable_initializer(s.tensors[n]);
    tensor.clear_float_data();
    tensor.set_raw_data(numbers.data(), numbers.size() * sizeof(float));
  }
  std::string out;
  ensure(model.SerializeToString(&out), "a model is written");
  return out;
}

}  // namespace tacit::trace
