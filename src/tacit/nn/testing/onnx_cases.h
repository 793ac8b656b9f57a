// ONNX's own models of single operators and layers, with the inputs and results that come with them (Debian:
// libonnx-testdata). For tests only.
#pragma once

#include <fstream>
#include <set>
#include <string_view>

#include "tacit/base/error.h"
#include "tacit/nn/graph/onnx_step.h"
#include "tacit/nn/testing/onnx_models.h"

namespace tacit::testing {

namespace fs = std::filesystem;
using FileTensors = std::vector<nn::onnx_io::Tensor>;

struct OnnxCase {
  std::string name;
  std::vector<std::string> ops;     ///< of its nodes, in their order
  std::string refused;              ///< why tacit does not take it; empty if it does
  nn::Graph graph;                  ///< if it does: with inputs fixed that have to be known before a run
  std::vector<PublicTensor> given;  ///< for the inputs that are left
  FileTensors wanted;
  bool half = false;  ///< some result has half precision
};

inline FileTensors tensors_of(const fs::path& folder, std::string_view kind, bool* half = nullptr) {
  FileTensors out;
  for (int i = 0;; ++i) {
    std::ifstream file(folder / fmt::format("{}_{}.pb", kind, i), std::ios::binary);
    ::onnx::TensorProto proto;
    if (!file || !proto.ParseFromIstream(&file)) return out;
    if (half != nullptr && proto.data_type() == ::onnx::TensorProto::FLOAT16) *half = true;
    out.push_back(nn::onnx_io::read_tensor(proto, folder));
  }
}

/// Inputs that only a constant can give are written into the model: integers, and what shapes and bounds
/// depend on.
inline void fix_known_inputs(::onnx::ModelProto& model, const fs::path& data) {
  std::set<std::string> known;
  for (const auto& node : model.graph().node())
    for (const auto& k : nn::onnx_io::known_inputs_of(node.op_type()))
      if (static_cast<int>(k.index) < node.input_size()) known.insert(node.input(static_cast<int>(k.index)));
  for (int i = 0; i < model.graph().input_size(); ++i) {
    if (!known.contains(model.graph().input(i).name())) continue;
    std::ifstream file(data / fmt::format("input_{}.pb", i), std::ios::binary);
    auto& tensor = *model.mutable_graph()->add_initializer();
    tensor.ParseFromIstream(&file);
    tensor.set_name(model.graph().input(i).name());
  }
}

/// Every input becomes a constant, so that all that can be is computed while the file is read.
inline void fix_all_inputs(::onnx::ModelProto& model, const fs::path& data) {
  auto& graph = *model.mutable_graph();
  std::vector<::onnx::NodeProto> constants;
  for (int i = 0; i < graph.input_size(); ++i) {
    ::onnx::TensorProto tensor;
    std::ifstream file(data / fmt::format("input_{}.pb", i), std::ios::binary);
    tensor.ParseFromIstream(&file);
    auto& node = constants.emplace_back();
    node.set_op_type("Constant");
    node.add_output(graph.input(i).name());
    set(node, "value", tensor);
  }
  constants.insert(constants.end(), graph.node().begin(), graph.node().end());
  graph.clear_input();
  graph.clear_node();
  for (auto& node : constants) *graph.add_node() = std::move(node);
}

inline OnnxCase read_case(const fs::path& folder, bool fold, const ScratchFolder& scratch) {
  OnnxCase out;
  out.name = folder.filename().string();
  const fs::path data = folder / "test_data_set_0";
  ::onnx::ModelProto model;
  std::ifstream file(folder / "model.onnx", std::ios::binary);
  if (!model.ParseFromIstream(&file)) throw std::runtime_error(out.name + " is not readable");
  for (const auto& node : model.graph().node())
    out.ops.push_back((node.domain().empty() ? "" : node.domain() + ".") + node.op_type());
  fold ? fix_all_inputs(model, data) : fix_known_inputs(model, data);
  try {
    out.graph = nn::import_onnx(scratch.write("m.onnx", model.SerializeAsString()), {.open_batch = false});
    const FileTensors inputs = tensors_of(data, "input");
    out.wanted = tensors_of(data, "output", &out.half);
    for (nn::ValueId id : out.graph.inputs)
      for (int i = 0; i < model.graph().input_size(); ++i)
        if (model.graph().input(i).name() == out.graph.values[id].name && std::size_t(i) < inputs.size())
          out.given.push_back({inputs[std::size_t(i)].shape, inputs[std::size_t(i)].values});
    if (out.given.size() != out.graph.inputs.size()) out.refused = "an input is no tensor";
  } catch (const UsageError& e) { out.refused = e.what(); }
  return out;
}

/// Why its results are not to be compared; empty if they are.
inline std::string incomparable(const std::string& name) {
  if (name.find("BFLOAT16") != std::string::npos)
    return "results of bfloat16 lie in the files as the integers of their bits";
  if (name.starts_with("test_training_dropout")) return "the dropped elements are drawn at random";
  return "";
}

/// How far the results of doubles may be from those of the file, absolutely and relatively.
inline double float_accuracy(const OnnxCase& c) {
  if (c.half) return 2e-3;
  if (c.name.find("ceil_last_window_starts_on_pad") != std::string::npos) return 1e-4;  // four digits
  // An epsilon of less than 2^-16 counts as that.
  for (const nn::Node& node : c.graph.nodes)
    if (node.op->name.find("Normalization") != std::string_view::npos) return 2e-4;
  return 1e-5;
}

/// What is wrong with results; empty if nothing is.
inline std::string difference(const OnnxCase& c, const std::vector<PublicTensor>& got) {
  const double accuracy = float_accuracy(c);
  if (got.size() != c.wanted.size()) return fmt::format("{} outputs, not {}", got.size(), c.wanted.size());
  for (std::size_t o = 0; o < got.size(); ++o) {
    if (got[o].shape != c.wanted[o].shape)
      return fmt::format("shape {}, not {}", to_string(got[o].shape), to_string(c.wanted[o].shape));
    for (std::size_t i = 0; i < got[o].values.size(); ++i) {
      const double want = c.wanted[o].values[i], have = got[o].values[i];
      const bool same = have == want || (std::isnan(have) && std::isnan(want));  // infinities, too
      if (!same && !(std::fabs(have - want) <= accuracy * (1 + std::fabs(want))))
        return fmt::format("{} at {}, not {}", have, i, want);
    }
  }
  return "";
}

/// Debian's, and those of the newest package for operator sets 18 to 21, which tests/onnx/make_cases.py
/// writes.
constexpr std::string_view kDebianCases = TACIT_ONNX_CASES;
constexpr std::string_view kNewerCases = TACIT_ONNX_NEWER;

/// The cases of a folder by their names, in alphabetical order.
inline std::set<fs::path> case_folders(std::string_view home, std::string_view kind) {
  const fs::path root = fs::path(home) / kind;
  std::set<fs::path> out;
  if (!fs::is_directory(root)) return out;
  for (const auto& entry : fs::directory_iterator(root)) out.insert(entry.path());
  return out;
}

}  // namespace tacit::testing
