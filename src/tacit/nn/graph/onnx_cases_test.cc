// ONNX's own models of single operators and layers, where they are installed (Debian: libonnx-testdata): each
// is either run in double precision to the result that comes with it, or refused in words, which are printed.
#include "tacit/nn/testing/onnx_cases.h"

#include <gtest/gtest.h>

#include <iostream>

#include "tacit/nn/testing/onnx_checker.h"

namespace tacit::nn {
namespace {

using namespace tacit::testing;

struct Source {
  std::string_view home, kind;
  bool fold;  ///< all inputs made constants
};

class OnnxCases : public ::testing::TestWithParam<Source> {};

TEST_P(OnnxCases, RunToTheirResultsOrAreRefused) {
  const auto folders = case_folders(GetParam().home, GetParam().kind);
  ASSERT_FALSE(folders.empty())
      << "run ./tacit test, which installs libonnx-testdata and writes the newer cases";
  const ScratchFolder scratch;
  std::size_t equal = 0, refused = 0;
  for (const fs::path& folder : folders) {
    const std::string name = folder.filename().string();
    if (!incomparable(name).empty()) continue;
    OnnxCase c = read_case(folder, GetParam().fold, scratch);
    std::vector<PublicTensor> got;
    if (c.refused.empty()) {
      try {
        got = run(c.graph, c.given);
      } catch (const UsageError& e) { c.refused = e.what(); }
    }
    if (!c.refused.empty()) {
      ++refused;
      std::cout << "refused: " << name << ": " << c.refused << "\n";
      continue;
    }
    const std::string wrong = difference(c, got);
    EXPECT_EQ(wrong, "") << name;
    equal += wrong.empty();
    // The checker counts windows there that begin on the padding.
    const bool window_on_pad = name.find("ceil_last_window_starts_on_pad") != std::string::npos ||
                               name.find("ceil_output_size_reduce_by_one") != std::string::npos;
    if (!window_on_pad) { EXPECT_EQ(mistake_in_export(c.graph), "") << name; }
  }
  std::cout << GetParam().home << "/" << GetParam().kind << ": " << equal << " equal, " << refused
            << " refused\n";
  EXPECT_GT(equal, 0u);
}

INSTANTIATE_TEST_SUITE_P(
    All, OnnxCases,
    ::testing::Values(Source{kDebianCases, "node", false}, Source{kDebianCases, "node", true},
                      Source{kDebianCases, "simple", false}, Source{kDebianCases, "pytorch-converted", false},
                      Source{kNewerCases, "node", false}, Source{kNewerCases, "node", true}));

}  // namespace
}  // namespace tacit::nn
