// ONNX's own models of single operators and layers, where they are installed (Debian: libonnx-testdata): each
// is either run in double precision to the result that comes with it, or refused in words, which are printed.
#include <gtest/gtest.h>

#include <fstream>
#include <iostream>
#include <set>

#include "tacit/nn/graph/onnx_step.h"
#include "tacit/nn/testing/onnx_models.h"

namespace tacit::nn {
namespace {

using namespace tacit::testing;
namespace fs = std::filesystem;
using Tensors = std::vector<onnx_io::Tensor>;

Tensors tensors(const fs::path& folder, std::string_view kind) {
  Tensors out;
  for (int i = 0;; ++i) {
    std::ifstream file(folder / fmt::format("{}_{}.pb", kind, i), std::ios::binary);
    ::onnx::TensorProto proto;
    if (!file || !proto.ParseFromIstream(&file)) return out;
    out.push_back(onnx_io::read_tensor(proto, folder));
  }
}

/// Inputs that only a constant can give are written into the model: integers, and what shapes and bounds
/// depend on.
void fix_known_inputs(::onnx::ModelProto& model, const fs::path& data) {
  std::set<std::string> known;
  for (const auto& node : model.graph().node())
    for (const auto& k : onnx_io::known_inputs_of(node.op_type()))
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
void fix_all_inputs(::onnx::ModelProto& model, const fs::path& data) {
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

struct Outcome {
  enum { Equal, Refused, Different } what;
  std::string why;
};

Outcome outcome(const fs::path& folder, bool fold, const ScratchFolder& scratch) {
  const fs::path data = folder / "test_data_set_0";
  ::onnx::ModelProto model;
  std::ifstream file(folder / "model.onnx", std::ios::binary);
  if (!model.ParseFromIstream(&file)) return {Outcome::Different, "the model is not readable"};
  fold ? fix_all_inputs(model, data) : fix_known_inputs(model, data);
  Tensors inputs, wanted;
  std::vector<PublicTensor> given, got;
  try {
    const Graph graph =
        import_onnx(scratch.write("m.onnx", model.SerializeAsString()), {.open_batch = false});
    inputs = tensors(data, "input");
    wanted = tensors(data, "output");
    for (ValueId id : graph.inputs)
      for (int i = 0; i < model.graph().input_size(); ++i)
        if (model.graph().input(i).name() == graph.values[id].name)
          given.push_back({inputs.at(i).shape, inputs.at(i).values});
    if (given.size() != graph.inputs.size()) return {Outcome::Refused, "an input is no tensor"};
    got = run(graph, given);
  } catch (const UsageError& e) { return {Outcome::Refused, e.what()}; }
  if (got.size() != wanted.size())
    return {Outcome::Different, fmt::format("{} outputs, not {}", got.size(), wanted.size())};
  for (std::size_t o = 0; o < got.size(); ++o) {
    if (got[o].shape != wanted[o].shape)
      return {Outcome::Different,
              fmt::format("shape {}, not {}", to_string(got[o].shape), to_string(wanted[o].shape))};
    for (std::size_t i = 0; i < got[o].values.size(); ++i) {
      const double want = wanted[o].values[i], have = got[o].values[i];
      // The files hold float32, and some functions of secrets are approximations.
      if (!(std::fabs(have - want) <= 1e-3 + 1e-3 * std::fabs(want)))
        return {Outcome::Different, fmt::format("{} at {}, not {}", have, i, want)};
    }
  }
  return {Outcome::Equal, ""};
}

/// Whose results are not to be compared.
bool incomparable(const std::string& name) {
  // Results of bfloat16 lie in the files as the integers of their bits, and dropped elements are drawn at
  // random.
  return name.find("BFLOAT16") != std::string::npos || name.starts_with("test_training_dropout");
}

class OnnxCases : public ::testing::TestWithParam<std::pair<const char*, bool>> {};

TEST_P(OnnxCases, RunToTheirResultsOrAreRefused) {
  const fs::path root = fs::path(TACIT_ONNX_CASES) / GetParam().first;
  ASSERT_TRUE(fs::is_directory(root)) << "install libonnx-testdata, as ./tacit test does: " << root;
  const ScratchFolder scratch;
  std::set<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(root)) folders.insert(entry.path());
  std::size_t equal = 0, refused = 0;
  for (const fs::path& folder : folders) {
    const std::string name = folder.filename().string();
    if (incomparable(name)) continue;
    const Outcome result = outcome(folder, GetParam().second, scratch);
    EXPECT_NE(result.what, Outcome::Different) << name << ": " << result.why;
    equal += result.what == Outcome::Equal;
    refused += result.what == Outcome::Refused;
    if (result.what == Outcome::Refused) std::cout << "refused: " << name << ": " << result.why << "\n";
  }
  std::cout << GetParam().first << ": " << equal << " equal, " << refused << " refused\n";
  EXPECT_GT(equal, 0u);
}

using Cases = std::pair<const char*, bool>;
INSTANTIATE_TEST_SUITE_P(All, OnnxCases,
                         ::testing::Values(Cases("node", false), Cases("node", true), Cases("simple", false),
                                           Cases("pytorch-converted", false)));

}  // namespace
}  // namespace tacit::nn
