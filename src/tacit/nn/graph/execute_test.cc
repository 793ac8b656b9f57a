// Graphs forwards and backwards: small random ones on every engine, dropout, and what is refused.
#include "tacit/nn/graph/execute.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tacit/base/error.h"
#include "tacit/nn/testing/engines.h"
#include "tacit/nn/testing/op_case.h"

namespace tacit::nn {
namespace {

using testing::on_aby3;
using testing::on_doubles;
using testing::on_fixed;
using testing::uniform;

/// A network of smooth operators: whichever way a truncation goes, gradients differ little.
Graph random_graph(std::uint64_t seed) {
  std::mt19937_64 rng(seed);
  auto below = [&](std::size_t n) { return static_cast<std::size_t>(rng() % n); };
  Graph g;
  std::vector<ValueId> all{g.add_input("x", {1, 4})};
  std::vector<bool> used(1, false);
  auto add = [&](const Op& op, std::vector<ValueId> in, Attrs attrs = {}) {
    for (ValueId id : in)
      for (std::size_t i = 0; i < all.size(); ++i) used[i] = used[i] || all[i] == id;
    all.push_back(g.add_node(op, "n" + std::to_string(g.nodes.size()), std::move(in), std::move(attrs)));
    used.push_back(false);
  };
  auto parameter = [&](const Shape& shape) {
    return g.add_parameter("p" + std::to_string(g.values.size()), uniform(shape, -0.7, 0.7, rng()));
  };
  const Op* curves[] = {&kTanh, &kSigmoid, &kSoftplus, &kElu};
  for (std::size_t step = 0; step < 7; ++step) {
    const ValueId x = all[all.size() - 1 - below(std::min<std::size_t>(3, all.size()))];
    const Shape shape = g.values[x].shape;
    switch (below(5)) {
      case 0:
        add(kMatMul, {x, parameter({shape[1], 2 + below(4)})});
        break;
      case 1:
        add(kGemm, {x, parameter({3, shape[1]}), parameter({3})}, {{"transB", std::int64_t{1}}});
        break;
      case 2:
        add(*curves[below(4)], {x});
        break;
      case 3:
        add(kMul, {x, parameter({shape[1]})});
        break;
      default:
        add(kSub, {x, parameter({1, 1})});
        break;
    }
  }
  std::vector<ValueId> loose;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (!used[i]) loose.push_back(all[i]);
  add(kConcat, loose, {{"axis", std::int64_t{1}}});
  const std::size_t width = g.values[all.back()].shape[1];
  add(kGemm, {all.back(), parameter({width, 2}), parameter({2})});
  g.outputs = {all.back()};
  return g;
}

struct Result {
  PublicTensor output;
  std::vector<PublicTensor> gradients;
};

Result run(Ctx& ctx, const Graph& g, const PublicTensor& x, const PublicTensor& upstream,
           const testing::Around& around = testing::just) {
  const Secret<Real> inputs[] = {testing::share(ctx, x)}, above[] = {testing::share(ctx, upstream)};
  const Parameters parameters = initial_parameters(ctx, g);
  std::vector<Secret<Real>> with_tape, without;
  std::vector<Secret<Real>> gradients;
  around([&] {
    Tape tape;
    with_tape = forward(ctx, g, parameters, inputs, &tape);
    for (const Grad& grad : backward(ctx, g, tape, above)) gradients.push_back(grad.real(ctx));
    without = forward(ctx, g, parameters, inputs);
  });
  Result r{testing::open(ctx, with_tape[0]), {}};
  for (const auto& grad : gradients) r.gradients.push_back(testing::open(ctx, grad));
  // Without a tape nothing is kept, and the result is the same but for truncation.
  const PublicTensor again = testing::open(ctx, without[0]);
  for (std::size_t i = 0; i < again.values.size(); ++i)
    EXPECT_NEAR(again.values[i], r.output.values[i], 0.01);
  return r;
}

/// How much the objective grows with one number of one parameter.
double slope(Ctx& ctx, Graph g, const PublicTensor& x, const PublicTensor& upstream, ValueId id,
             std::size_t element) {
  double at[2];
  for (int side = 0; side < 2; ++side) {
    constexpr double kStep = 1e-5;
    g.values[id].initial.values[element] += side == 0 ? kStep : -2 * kStep;
    const Secret<Real> inputs[] = {testing::share(ctx, x)};
    const PublicTensor y = testing::open(ctx, forward(ctx, g, initial_parameters(ctx, g), inputs)[0]);
    at[side] = 0;
    for (std::size_t i = 0; i < y.values.size(); ++i)
      at[side] += y.values[i] * upstream.values[i] / (2 * kStep);
  }
  return at[0] - at[1];
}

void expect_near(const PublicTensor& got, const PublicTensor& want, double bound) {
  ASSERT_EQ(got.shape, want.shape);
  for (std::size_t i = 0; i < want.values.size(); ++i) ASSERT_NEAR(got.values[i], want.values[i], bound);
}

TEST(Graphs, RandomOnesAgreeOnEveryEngine) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const Graph g = random_graph(seed);
    SCOPED_TRACE("seed " + std::to_string(seed));
    // The graph's shapes are of one example; batches may be of any size.
    const PublicTensor x = uniform({3, 4}, -2, 2, seed), upstream = uniform({3, 2}, -1, 1, seed + 100);
    Result exact;
    on_doubles([&](Ctx& ctx) {
      exact = run(ctx, g, x, upstream);
      const auto ids = g.trained();
      ASSERT_EQ(ids.size(), exact.gradients.size());
      for (std::size_t p = 0; p < ids.size(); ++p)
        for (std::size_t e = 0; e < exact.gradients[p].values.size(); e += 3)
          ASSERT_NEAR(exact.gradients[p].values[e], slope(ctx, g, x, upstream, ids[p], e), 1e-6)
              << g.values[ids[p]].name;
    });
    // Some tens of units, from a dozen operators whose inputs and weights are of the order of 1.
    constexpr double kBound = 60.0 / 65536;
    auto expect_same = [&](const Result& r) {
      expect_near(r.output, exact.output, kBound);
      for (std::size_t p = 0; p < r.gradients.size(); ++p)
        expect_near(r.gradients[p], exact.gradients[p], 3 * kBound);
    };
    on_fixed([&](Ctx& ctx) { expect_same(run(ctx, g, x, upstream)); });
    on_aby3([&](Ctx& ctx, Party& party, const Profile& profile) {
      std::optional<Result> r;
      testing::expect_declared_cost(party, profile, ctx, [&](Ctx& engine, const testing::Around& around) {
        const Result now = run(engine, g, x, upstream, around);
        if (!r) r = now;
      });
      if (index(party.id()) == 0) expect_same(*r);
    });
  }
}

TEST(Graphs, DropoutDropsInTrainingOnly) {
  Graph g;
  const ValueId x = g.add_input("x", {1, 1000});
  const ValueId scaled = g.add_node(kMul, "scaled", {x, g.add_parameter("w", {{}, {1}})});
  g.outputs = {g.add_node(kDropout, "drop", {scaled}, {{"ratio", 0.25}})};
  const PublicTensor ones{{1, 1000}, std::vector<double>(1000, 1.0)};
  auto body = [&](Ctx& ctx) {
    const Parameters parameters = initial_parameters(ctx, g);
    const Secret<Real> inputs[] = {testing::share(ctx, ones)};
    EXPECT_EQ(testing::open(ctx, forward(ctx, g, parameters, inputs)[0]).values, ones.values);
    std::vector<std::vector<double>> drawn;
    for (std::uint64_t draw : {1, 1, 2}) {
      Tape tape;
      tape.draw = draw;
      const auto out = forward(ctx, g, parameters, inputs, &tape);
      drawn.push_back(testing::open(ctx, out[0]).values);
      double kept = 0, total = 0;
      for (double v : drawn.back()) {
        EXPECT_TRUE(v == 0 || std::fabs(v - 4.0 / 3) < 1e-4);
        kept += v != 0;
        total += v;
      }
      // 750 are expected, with a standard deviation of 13.7; the draw is the same in every run.
      EXPECT_NEAR(kept, 750, 70);
      // The gradient goes the same way.
      const Secret<Real> above[] = {testing::share(ctx, ones)};
      EXPECT_NEAR(testing::open(ctx, backward(ctx, g, tape, above)[0].real(ctx)).values[0], total, 0.05);
    }
    auto dropped = [](std::vector<double> v) {
      for (double& each : v) each = each == 0;
      return v;
    };
    EXPECT_EQ(dropped(drawn[0]), dropped(drawn[1]));
    EXPECT_NE(dropped(drawn[0]), dropped(drawn[2]));
  };
  on_doubles(body);
  on_fixed(body);
  on_aby3([&](Ctx& ctx, Party&, const Profile&) { body(ctx); });
}

template <class F>
std::string complaint(F f) {
  try {
    f();
  } catch (const UsageError& e) { return e.what(); }
  return "nothing";
}

TEST(Graphs, RefuseWhatCannotBeTrainedOrRun) {
  Graph g;
  const ValueId x = g.add_input("x", {1, 3}), w = g.add_parameter("w", {{3}, {1, 2, 3}});
  EXPECT_NE(complaint([&] {
              g.add_node(kMatMul, "m", {x, w});
            }).find("'m' (MatMul): a matrix product needs matrices"),
            std::string::npos);
  EXPECT_NE(complaint([&] { g.add_node(kMatMul, "m", {x}); }).find("takes 2 to 2 inputs, not 1"),
            std::string::npos);
  const ValueId y = g.add_node(kMul, "y", {x, w});
  Graph unused = g;
  unused.add_parameter("idle", {{1}, {0}});
  unused.outputs = {y};
  g.outputs = {g.add_node(kArgMax, "best", {y}, {{"axis", std::int64_t{1}}})};
  on_fixed([&](Ctx& ctx) {
    const Parameters parameters = initial_parameters(ctx, g);
    EXPECT_NE(complaint([&] { forward(ctx, g, parameters, {}); }).find("1 inputs, not 0"), std::string::npos);
    const Secret<Real> inputs[] = {testing::share(ctx, uniform({2, 3}, -1, 1, 1))};
    Tape tape;
    const auto out = forward(ctx, g, parameters, inputs, &tape);
    EXPECT_NE(complaint([&] { backward(ctx, g, tape, out); }).find("'best' (ArgMax) has no gradient"),
              std::string::npos);
    const auto other = forward(ctx, unused, initial_parameters(ctx, unused), inputs, &tape);
    EXPECT_NE(complaint([&] { backward(ctx, unused, tape, other); }).find("'idle' has no influence"),
              std::string::npos);
  });
}

}  // namespace
}  // namespace tacit::nn
