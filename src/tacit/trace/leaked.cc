#include "tacit/trace/leaked.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <map>

#include "tacit/base/byte_stream.h"
#include "tacit/base/error.h"
#include "tacit/nn/graph/onnx_file.h"
#include "tacit/nn/graph/onnx_import.h"
#include "tacit/nn/graph/onnx_tensor.h"

namespace tacit::trace {

namespace {

using nn::onnx_io::DataFolder;
using nn::onnx_io::printable;
using nn::onnx_io::read_tensor;
using nn::onnx_io::Tensor;

bool quantises(const ::onnx::NodeProto& node) {
  return node.op_type() == "QuantizeLinear" || node.op_type() == "DequantizeLinear";
}

/// Puts floats in the place of weights that are made from integers.
class InFloats {
 public:
  InFloats(::onnx::ModelProto& model, const DataFolder& folder)
      : graph_(*model.mutable_graph()), folder_(folder) {
    for (int i = 0; i < graph_.initializer_size(); ++i) held_.emplace(graph_.initializer(i).name(), i);
  }

  void run() {
    for (auto& node : *graph_.mutable_node()) {
      if (!quantises(node)) continue;
      require(node.input_size() >= 2 && node.output_size() == 1 && !node.output(0).empty(),
              "'{}' ({}) has not the inputs and the output that it needs; export the model again",
              printable(node.name()), printable(node.op_type()));
      const auto weight = held_.find(node.input(0));
      if (node.op_type() == "DequantizeLinear" && weight != held_.end()) {
        const std::string name = node.output(0);
        const PublicTensor numbers = dequantised(node, graph_.initializer(weight->second));
        // The node becomes another name for them; the copy has one that no exporter gives.
        const std::string floats = name + "\x01 in floats";
        nn::onnx_io::write_floats(*graph_.add_initializer(), floats, numbers);
        pass_on(node, floats);
      } else {
        pass_on(node, node.input(0));
      }
    }
  }

 private:
  static void pass_on(::onnx::NodeProto& node, std::string from) {
    node.set_op_type("Identity");
    node.clear_domain();
    node.clear_attribute();
    node.clear_input();
    node.add_input(std::move(from));
  }

  Tensor parameter(const ::onnx::NodeProto& node, int input) const {
    const auto at = held_.find(node.input(input));
    require(at != held_.end(), "'{}' scales weights by numbers that are computed; export the model again",
            printable(node.name()));
    return read_tensor(graph_.initializer(at->second), folder_);
  }

  /// (x - zero point) * scale, with one of each or one along an axis.
  PublicTensor dequantised(const ::onnx::NodeProto& node, const ::onnx::TensorProto& weight) const {
    const Tensor x = read_tensor(weight, folder_), scale = parameter(node, 1);
    const Tensor zero = node.input_size() > 2 && !node.input(2).empty() ? parameter(node, 2) : Tensor{};
    std::int64_t axis = 1;
    for (const auto& a : node.attribute())
      if (a.name() == "axis") axis = a.i();
    const auto rank = static_cast<std::int64_t>(x.shape.size());
    if (axis < 0) axis += rank;
    std::size_t extent = 1, inner = 1;
    if (scale.values.size() != 1) {
      require(axis >= 0 && axis < rank, "'{}' has scales along an axis that its weights do not have",
              printable(node.name()));
      extent = x.shape[static_cast<std::size_t>(axis)];
      for (auto i = static_cast<std::size_t>(axis) + 1; i < x.shape.size(); ++i) inner *= x.shape[i];
    }
    const bool fits = scale.values.size() == extent &&
                      (zero.values.empty() || zero.values.size() == 1 || zero.values.size() == extent);
    require(fits,
            "'{}' has {} scales for weights of shape {}, which is not read here; export the model in floats",
            printable(node.name()), scale.values.size(), to_string(x.shape));
    PublicTensor out{x.shape, x.values};
    for (std::size_t i = 0; i < out.values.size(); ++i) {
      const std::size_t at = inner > 0 && extent > 0 ? i / inner % extent : 0;
      const double from = zero.values.empty() ? 0 : zero.values[zero.values.size() == 1 ? 0 : at];
      out.values[i] = (out.values[i] - from) * scale.values[at];
    }
    return out;
  }

  ::onnx::GraphProto& graph_;
  const DataFolder& folder_;
  std::map<std::string, int> held_;  ///< initializers of the file
};

/// Nothing if it is in floats already.
std::optional<std::string> in_floats(::onnx::ModelProto& model, const DataFolder& folder) {
  const auto& nodes = model.graph().node();
  if (std::none_of(nodes.begin(), nodes.end(), quantises)) return std::nullopt;
  InFloats(model, folder).run();
  std::string out;
  require(model.ByteSizeLong() < (std::size_t{1} << 31) && model.SerializeToString(&out),
          "the model is larger than 2 GiB in floats, the most that an ONNX file holds");
  return out;
}

nn::Graph import_text(const std::string& text, const std::string& name) {
  MemoryReader from(bytes_of(text));
  return nn::import_onnx(from, text.size(), name, {});
}

}  // namespace

nn::Graph import_leaked(const std::filesystem::path& file) {
  ::onnx::ModelProto model = nn::onnx_io::read_model(file);
  const DataFolder folder = file.parent_path();
  if (const auto text = in_floats(model, folder)) return import_text(*text, file.filename().string());
  return nn::import_onnx(file);
}

nn::Graph import_leaked(ByteView text, const std::string& name) {
  MemoryReader from(text);
  ::onnx::ModelProto model =
      nn::onnx_io::read_model(from, text.size(), fmt::format("the model '{}'", printable(name)));
  if (const auto floats = in_floats(model, std::nullopt)) return import_text(*floats, name);
  MemoryReader again(text);
  return nn::import_onnx(again, text.size(), name, {});
}

}  // namespace tacit::trace
