// Models as PyTorch exports them, by way of TorchScript and of torch.export (tests/onnx/make_models.py writes
// them, and what ONNX Runtime makes of some examples): LeNet, ResNets, a transformer block, recurrent
// layers and a U-Net, for batches of any size, to a file and back, and on shares.
#include <gtest/gtest.h>

#include <algorithm>

#include "tacit/nn/graph/onnx_export.h"
#include "tacit/nn/testing/engines.h"
#include "tacit/nn/testing/onnx_cases.h"
#include "tacit/nn/testing/onnx_checker.h"

namespace tacit::nn {
namespace {

using namespace tacit::testing;

struct Exported {
  fs::path folder;
  PublicTensor given, wanted;  ///< several examples, and their scores

  std::string name() const { return folder.filename().string(); }
  Graph graph(const ImportOptions& options = {}) const { return import_onnx(folder / "model.onnx", options); }
};

PublicTensor only(const fs::path& data, std::string_view kind) {
  const FileTensors all = tensors_of(data, kind);
  EXPECT_EQ(all.size(), 1u) << data;
  return all.empty() ? PublicTensor{} : PublicTensor{all[0].shape, all[0].values};
}

class ExportedModels : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto folders = case_folders(kNewerCases, "exported");
    ASSERT_FALSE(folders.empty()) << "run ./tacit test, which writes them";
    for (const fs::path& folder : folders) {
      const fs::path data = folder / "test_data_set_0";
      models_.push_back({folder, only(data, "input"), only(data, "output")});
      ASSERT_GT(models_.back().given.shape.at(0), 1u) << "one example shows nothing of batches";
    }
    EXPECT_EQ(models_.size(), 28u);
  }

  static void expect_near(const PublicTensor& got, const PublicTensor& want, double bound,
                          const std::string& name) {
    ASSERT_EQ(got.shape, want.shape) << name;
    for (std::size_t i = 0; i < want.values.size(); ++i)
      ASSERT_NEAR(got.values[i], want.values[i], bound * (1 + std::fabs(want.values[i])))
          << name << ", score " << i;
  }

  std::vector<Exported> models_;
  ScratchFolder scratch_;
};

TEST_F(ExportedModels, GiveTheScoresOfOnnxRuntime) {
  for (const Exported& m : models_) {
    // An epsilon of less than 2^-16 counts as that, at each of up to 53 normalisations.
    expect_near(run(m.graph(), {m.given})[0], m.wanted, 1e-3, m.name());
    expect_near(run(m.graph({.fold_batch_norm = true}), {m.given})[0], m.wanted, 2e-4, m.name() + " folded");
  }
}

TEST_F(ExportedModels, ComeBackFromAFile) {
  for (const Exported& m : models_) {
    const Graph graph = m.graph();
    std::vector<PublicTensor> numbers;
    for (ValueId id : graph.parameters()) numbers.push_back(graph.values[id].initial);
    const Graph back = import_onnx(scratch_.write("back.onnx", export_onnx(graph, numbers, {m.name(), {}})));
    ASSERT_EQ(back.nodes.size(), graph.nodes.size()) << m.name();
    expect_near(run(back, {m.given})[0], run(graph, {m.given})[0], 1e-6, m.name());
    EXPECT_EQ(mistake_in_export(graph), "") << m.name();
  }
}

TEST_F(ExportedModels, KeepWhatIsTrained) {
  for (const Exported& m : models_) {
    const Graph graph = m.graph();
    std::size_t trained = 0;
    for (ValueId id : graph.trained()) trained += elements(graph.values[id].shape);
    if (m.name().starts_with("lenet")) { EXPECT_EQ(trained, 431'080u) << m.name(); }
    // Whatever an exporter did to a layer's weights, and none of the states of zeros that it wrote.
    if (m.name().starts_with("lstm")) {
      EXPECT_EQ(trained, 2 * (4 * 4 * (6 + 4 + 2) + 4 * 4 * (8 + 4 + 2)) + 27u);
    }
    if (m.name().starts_with("gru")) {
      EXPECT_EQ(trained, 2 * (3 * 4 * (6 + 4 + 2) + 3 * 4 * (8 + 4 + 2)) + 27u);
    }
    // With a normalisation's scale and shift, where they are still there, instead of a bias.
    if (m.name().starts_with("resnet50_dynamo")) { EXPECT_EQ(trained, graph.parameter_count() - 2 * 3320u); }
  }
}

TEST_F(ExportedModels, OnSharesTheSameWithinFixedPoint) {
  for (const Exported& m : models_) {
    constexpr std::string_view kSmall[] = {"gru_script",      "lenet_script", "lstm_dynamo", "lstm_script",
                                           "resnet18_dynamo", "unet_dynamo",  "unet_script"};
    if (std::find(std::begin(kSmall), std::end(kSmall), m.name()) == std::end(kSmall) &&
        !m.name().starts_with("transformer"))
      continue;
    const Graph graph = m.graph({.fold_batch_norm = true});
    testing::on_aby3([&](Ctx& ctx, Party& party, const Profile& profile) {
      const Secret<Real> inputs[] = {testing::share(ctx, m.given)};
      const auto scores = forward(ctx, graph, initial_parameters(ctx, graph), inputs);
      const PublicTensor got = testing::open(ctx, scores[0]);
      if (index(party.id()) == 0)
        expect_near(got, m.wanted, 0.01, fmt::format("{} ({})", m.name(), profile.name));
    });
  }
}

}  // namespace
}  // namespace tacit::nn
