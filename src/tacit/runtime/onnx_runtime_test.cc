// ONNX's own cases, at ONNX's own tolerances, and whole models as PyTorch exports them, held to ONNX
// Runtime's scores: all that imports runs in float32.
#include <gtest/gtest.h>

#include "tacit/nn/testing/onnx_cases.h"
#include "tacit/runtime/model.h"

namespace tacit::runtime {
namespace {

using namespace tacit::testing;

std::vector<FloatTensor> floats_of(const std::vector<PublicTensor>& in) {
  std::vector<FloatTensor> out;
  for (const PublicTensor& t : in) out.push_back({t.shape, {t.values.begin(), t.values.end()}});
  return out;
}

/// What is wrong with a result, by the tolerances of ONNX's backend tests (onnx/backend/test/runner: relative
/// 1e-3, absolute 1e-7); those of half precision, or of few digits, have wider ones. Empty if nothing is.
std::string wrong(const OnnxCase& c, const std::vector<FloatTensor>& got) {
  if (got.size() != c.wanted.size()) return fmt::format("{} outputs, not {}", got.size(), c.wanted.size());
  const double usual = float_accuracy(c), relative = std::max(1e-3, usual);
  const double absolute = usual > 2e-4                                        ? usual
                          : c.name.find("starts_on_pad") != std::string::npos ? 1e-4
                                                                              : 1e-7;
  for (std::size_t o = 0; o < got.size(); ++o) {
    if (got[o].shape != c.wanted[o].shape)
      return fmt::format("shape {}, not {}", to_string(got[o].shape), to_string(c.wanted[o].shape));
    for (std::size_t i = 0; i < got[o].values.size(); ++i) {
      const double have = static_cast<double>(got[o].values[i]), want = c.wanted[o].values[i];
      const bool same = have == want || (std::isnan(have) && std::isnan(want));
      if (!same && !(std::fabs(have - want) <= absolute + relative * std::fabs(want)))
        return fmt::format("{} at {}, not {}", have, i, want);
    }
  }
  return "";
}

/// Whether nn/ cannot run it either.
bool refused_in_nn(const OnnxCase& c) {
  try {
    run(c.graph, c.given);
    return false;
  } catch (const UsageError&) { return true; }
}

struct Source {
  std::string_view home, kind;
  bool fold;  ///< all inputs made constants
};

class OnnxCasesInFloats : public ::testing::TestWithParam<Source> {};

TEST_P(OnnxCasesInFloats, RunToTheirResults) {
  const auto folders = case_folders(GetParam().home, GetParam().kind);
  ASSERT_FALSE(folders.empty())
      << "run ./tacit test, which installs libonnx-testdata and writes the newer cases";
  const ScratchFolder scratch;
  OrdinaryMemory memory;
  Workers workers(1);
  std::size_t equal = 0;
  for (const fs::path& folder : folders) {
    const std::string name = folder.filename().string();
    if (!incomparable(name).empty()) continue;
    const OnnxCase c = read_case(folder, GetParam().fold, scratch);
    if (!c.refused.empty()) continue;  // by the import
    try {
      const Model model(c.graph, memory, workers);
      const std::string difference = wrong(c, model.run(floats_of(c.given)));
      EXPECT_EQ(difference, "") << name;
      equal += difference.empty();
    } catch (const UsageError& e) { EXPECT_TRUE(refused_in_nn(c)) << name << ": " << e.what(); }
  }
  EXPECT_GT(equal, 0u);
}

INSTANTIATE_TEST_SUITE_P(All, OnnxCasesInFloats,
                         ::testing::Values(Source{kDebianCases, "node", false},
                                           Source{kDebianCases, "simple", false},
                                           Source{kDebianCases, "pytorch-converted", false},
                                           Source{kNewerCases, "node", false},
                                           Source{kNewerCases, "node", true}));

TEST(ExportedModelsInFloats, GiveTheScoresOfOnnxRuntime) {
  const auto folders = case_folders(kNewerCases, "exported");
  ASSERT_FALSE(folders.empty()) << "run ./tacit test, which writes them";
  OrdinaryMemory memory;
  Workers workers(1);
  for (const fs::path& folder : folders)
    for (const bool fold : {false, true}) {
      const fs::path data = folder / "test_data_set_0";
      const FileTensors given = tensors_of(data, "input"), wanted = tensors_of(data, "output");
      ASSERT_EQ(given.size(), 1u) << folder;
      ASSERT_EQ(wanted.size(), 1u) << folder;
      const auto scores = [&](bool keep_floats) {
        const Model model(
            nn::import_onnx(folder / "model.onnx", {.fold_batch_norm = fold, .keep_floats = keep_floats}),
            memory, workers);
        return model.run(floats_of({{given[0].shape, given[0].values}}))[0];
      };
      const FloatTensor got = scores(true);
      ASSERT_EQ(got.values, scores(false).values) << folder << ": weights of doubles are the same floats";
      ASSERT_EQ(got.shape, wanted[0].shape) << folder;
      double largest = 0;
      for (const double v : wanted[0].values) largest = std::max(largest, std::fabs(v));
      for (std::size_t i = 0; i < got.values.size(); ++i)
        ASSERT_NEAR(got.values[i], wanted[0].values[i], 1e-5 * largest) << folder << ", score " << i;
    }
}

}  // namespace
}  // namespace tacit::runtime
