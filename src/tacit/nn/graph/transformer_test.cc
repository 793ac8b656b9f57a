// A transformer block on every engine: imported as exporters write it, forward against its formulas,
// gradients against differences, and out to a file and back; and the same way for residual blocks.
#include "tacit/nn/testing/transformer.h"

#include <gtest/gtest.h>

#include "tacit/nn/graph/onnx_export.h"
#include "tacit/nn/layers/layer.h"
#include "tacit/nn/testing/engines.h"

namespace tacit::nn {
namespace {

using namespace tacit::testing;

const std::vector<std::size_t> kRows[] = {{0, 5, 2, 2}, {1, 4, 3, 0}};

PublicTensor tokens() {
  PublicTensor t{{2, kTokens}, {}};
  for (const auto& row : kRows) t.values.insert(t.values.end(), row.begin(), row.end());
  return t;
}
Numbers wanted() {
  Numbers out;
  for (const auto& row : kRows) {
    const Numbers y = transformer_of(row);
    out.insert(out.end(), y.begin(), y.end());
  }
  return out;
}

std::vector<PublicTensor> weights_of(const Graph& g) {
  std::vector<PublicTensor> out;
  for (ValueId id : g.parameters()) out.push_back(g.values[id].initial);
  return out;
}

struct Ran {
  PublicTensor y;
  std::vector<PublicTensor> gradients;
};

/// Forward, and back from the same gradient of every result.
Ran run_both_ways(Ctx& ctx, const Graph& g, const Parameters& parameters, const Secret<Real>& x) {
  Tape tape;
  const auto y = forward(ctx, g, parameters, {&x, 1}, &tape);
  const Secret<Real> up = fn::constant(ctx, wave(y[0].shape()));
  Ran out{testing::open(ctx, y[0]), {}};
  for (const Grad& grad : backward(ctx, g, tape, {&up, 1}))
    out.gradients.push_back(testing::open(ctx, grad.real(ctx)));
  return out;
}

class Transformer : public ::testing::Test {
 protected:
  ScratchFolder folder_;
  Graph graph_ = transformer_model().import(folder_);
};

TEST_F(Transformer, IsWhatItsFormulasSay) {
  EXPECT_EQ(graph_.parameters().size(), transformer_weights().size());
  const PublicTensor y = run(graph_, {tokens()})[0];
  const Numbers want = wanted();
  ASSERT_EQ(y.shape, (Shape{2, kTokens, kWidth}));
  for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(y.values[i], want[i], 1e-6) << i;
}

TEST_F(Transformer, ComesBackFromAFile) {
  const std::string file = export_onnx(graph_, weights_of(graph_), {"block", {}});
  const Graph back = import_onnx(folder_.write("back.onnx", file));
  ASSERT_EQ(back.nodes.size(), graph_.nodes.size());
  for (std::size_t n = 0; n < back.nodes.size(); ++n) {
    EXPECT_EQ(back.nodes[n].op, graph_.nodes[n].op);
    EXPECT_EQ(back.nodes[n].attrs.all(), graph_.nodes[n].attrs.all()) << back.nodes[n].name;
  }
  EXPECT_EQ(run(back, {tokens()})[0].values, run(graph_, {tokens()})[0].values);
  EXPECT_EQ(export_onnx(back, weights_of(back), {"block", {}}), file);
}

TEST_F(Transformer, GradientsAreThoseOfDifferences) {
  testing::on_doubles([&](Ctx& ctx) {
    const PublicTensor up = wave({2, kTokens, kWidth});
    const Secret<Real> x = testing::share(ctx, tokens());
    const Ran exact = run_both_ways(ctx, graph_, initial_parameters(ctx, graph_), x);
    const auto ids = graph_.trained();
    ASSERT_EQ(exact.gradients.size(), ids.size());
    const auto objective = [&](ValueId id, std::size_t element, double step) {
      Graph moved = graph_;
      moved.values[id].initial.values[element] += step;
      const auto y = testing::open(ctx, forward(ctx, moved, initial_parameters(ctx, moved), {&x, 1})[0]);
      double sum = 0;
      for (std::size_t i = 0; i < up.values.size(); ++i) sum += up.values[i] * y.values[i];
      return sum;
    };
    constexpr double kStep = 1e-5;
    for (std::size_t p = 0; p < ids.size(); ++p) {
      const auto& gradient = exact.gradients[p].values;
      for (std::size_t e = 0; e < gradient.size(); e += 5) {
        const double slope = (objective(ids[p], e, kStep) - objective(ids[p], e, -kStep)) / (2 * kStep);
        EXPECT_NEAR(gradient[e], slope, 1e-3 * (1 + std::fabs(slope)))
            << graph_.values[ids[p]].name << " " << e;
      }
    }
  });
}

TEST_F(Transformer, OnSharesItIsTheSameWithinFixedPoint) {
  Ran exact;
  testing::on_doubles([&](Ctx& ctx) {
    exact = run_both_ways(ctx, graph_, initial_parameters(ctx, graph_), testing::share(ctx, tokens()));
  });
  const auto expect_close = [&](const Ran& got, const std::string& where) {
    for (std::size_t i = 0; i < exact.y.values.size(); ++i)
      ASSERT_NEAR(got.y.values[i], exact.y.values[i], 0.005) << where << " " << i;
    for (std::size_t p = 0; p < exact.gradients.size(); ++p)
      for (std::size_t e = 0; e < exact.gradients[p].values.size(); ++e) {
        const double want = exact.gradients[p].values[e];
        ASSERT_NEAR(got.gradients[p].values[e], want, 0.01 * (1 + std::fabs(want)))
            << where << ", " << graph_.values[graph_.trained()[p]].name << " " << e;
      }
  };
  testing::on_fixed([&](Ctx& ctx) {
    expect_close(run_both_ways(ctx, graph_, initial_parameters(ctx, graph_), testing::share(ctx, tokens())),
                 "fixed");
  });
  testing::on_aby3([&](Ctx& ctx, Party& party, const Profile& profile) {
    const Ran got =
        run_both_ways(ctx, graph_, initial_parameters(ctx, graph_), testing::share(ctx, tokens()));
    if (index(party.id()) == 0) expect_close(got, std::string(profile.name));
  });
}

TEST(ResidualBlocks, ComeBackFromAFile) {
  const ScratchFolder folder;
  const LayerSpec conv{
      "conv2d",
      {{"channels", std::int64_t{4}}, {"kernel", std::int64_t{3}}, {"padding", std::string("same")}},
      {},
      {}};
  LayerSpec narrower = conv;
  narrower.attrs.set("stride", std::int64_t{2});
  narrower.attrs.set("channels", std::int64_t{6});
  const std::vector<LayerSpec> layers{
      conv,
      {"residual", {}, {{"batch_norm", {}, {}, {}}, {"relu", {}, {}, {}}, conv}, {}},
      {"residual", {}, {narrower, {"gelu", {}, {}, {}}}, {}},
      {"global_average_pool", {}, {}, {}},
      {"flatten", {}, {}, {}},
      {"dense", {}, {}, {}}};
  Graph graph = build_graph({2, 8, 8}, layers, 3, 1);
  for (ValueId id : graph.parameters())
    for (double& v : graph.values[id].initial.values) v = static_cast<float>(v);
  const std::string file = export_onnx(graph, weights_of(graph), {"residual", {}});
  const Graph back = import_onnx(folder.write("a.onnx", file));
  ASSERT_EQ(back.nodes.size(), graph.nodes.size());
  const PublicTensor x = wave({3, 2, 8, 8});
  EXPECT_EQ(run(back, {x})[0].values, run(graph, {x})[0].values);
  EXPECT_EQ(export_onnx(back, weights_of(back), {"residual", {}}), file);
}

}  // namespace
}  // namespace tacit::nn
