// Losses: totals against their formulas, gradients against differences, on every engine.
#include "tacit/nn/train/loss.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tacit/base/error.h"
#include "tacit/nn/testing/engines.h"
#include "tacit/nn/testing/op_case.h"
#include "tacit/nn/train/trainer.h"

namespace tacit::nn {
namespace {

using testing::uniform;

double softmax_cross_entropy(const PublicTensor& y, const PublicTensor& t) {
  double loss = 0;
  const std::size_t n = y.shape[1];
  for (std::size_t r = 0; r < y.shape[0]; ++r) {
    double sum = 0, chosen = 0;
    for (std::size_t c = 0; c < n; ++c) {
      sum += std::exp(y.values[r * n + c]);
      chosen += t.values[r * n + c] * y.values[r * n + c];
    }
    loss += std::log(sum) - chosen;
  }
  return loss;
}
double binary_cross_entropy(const PublicTensor& y, const PublicTensor& t) {
  double loss = 0;
  for (std::size_t i = 0; i < y.values.size(); ++i) {
    const double p = 1 / (1 + std::exp(-y.values[i]));
    loss -= t.values[i] * std::log(p) + (1 - t.values[i]) * std::log(1 - p);
  }
  return loss;
}
double squared_error(const PublicTensor& y, const PublicTensor& t) {
  double loss = 0;
  for (std::size_t i = 0; i < y.values.size(); ++i) loss += std::pow(y.values[i] - t.values[i], 2) / 2;
  return loss;
}

struct Row {
  std::string name;
  double (*formula)(const PublicTensor&, const PublicTensor&);
  PublicTensor outputs, targets;
  double gradient_ulps, total_ulps;
};

std::vector<Row> rows() {
  PublicTensor classes{{6, 5}, std::vector<double>(30, 0)}, yes{{7, 1}, {1, 0, 1, 1, 0, 0, 1}};
  for (std::size_t r = 0; r < 6; ++r) classes.values[r * 5 + r * 3 % 5] = 1;
  return {{"softmax_cross_entropy", softmax_cross_entropy, uniform({6, 5}, -6, 6, 1), classes, 10, 60},
          {"binary_cross_entropy", binary_cross_entropy, uniform({7, 1}, -6, 6, 2), yes, 4, 60},
          {"squared_error", squared_error, uniform({5, 3}, -6, 6, 3), uniform({5, 3}, -6, 6, 4), 0.5, 2}};
}

TEST(Losses, AreTheirFormulasAndHaveTheirGradients) {
  const auto table = rows();
  EXPECT_EQ(table.size(), all_losses().size());
  for (const Row& row : table) {
    SCOPED_TRACE(row.name);
    const double want = row.formula(row.outputs, row.targets);
    PublicTensor slope = row.outputs;
    for (std::size_t i = 0; i < slope.values.size(); ++i) {
      PublicTensor up = row.outputs, down = row.outputs;
      up.values[i] += 1e-5, down.values[i] -= 1e-5;
      slope.values[i] = (row.formula(up, row.targets) - row.formula(down, row.targets)) / 2e-5;
    }
    auto body = [&](Ctx& ctx, double scale) {
      const Secret<Real> y = testing::share(ctx, row.outputs), t = testing::share(ctx, row.targets);
      const LossResult r = loss_named(row.name).evaluate(ctx, y, t, true);
      const double total = testing::open(ctx, *r.total).values.at(0);
      EXPECT_NEAR(total, want, scale * row.total_ulps + 1e-6);
      const PublicTensor gradient = testing::open(ctx, r.gradient);
      ASSERT_EQ(gradient.shape, row.outputs.shape);
      for (std::size_t i = 0; i < slope.values.size(); ++i)
        EXPECT_NEAR(gradient.values[i], slope.values[i], scale * row.gradient_ulps + 1e-6);
      EXPECT_FALSE(loss_named(row.name).evaluate(ctx, y, t, false).total.has_value());
    };
    testing::on_doubles([&](Ctx& ctx) { body(ctx, 0); });
    testing::on_fixed([&](Ctx& ctx) { body(ctx, 1.0 / 65536); });
    testing::on_aby3([&](Ctx& ctx, Party&, const Profile&) { body(ctx, 1.0 / 65536); });
  }
}

TEST(Losses, WrongNamesGetAHint) {
  try {
    loss_named("squared_eror");
    ADD_FAILURE();
  } catch (const UsageError& e) {
    EXPECT_NE(std::string(e.what()).find("'squared_error'"), std::string::npos) << e.what();
  }
}

TEST(Losses, CountsOfRightAnswers) {
  const PublicTensor scores{{4, 3}, {1, 5, 2, /**/ 0, -1, -2, /**/ 3, 3, 3, /**/ -7, -9, -8}};
  const PublicTensor classes{{4, 3}, {0, 1, 0, /**/ 0, 0, 1, /**/ 1, 0, 0, /**/ 1, 0, 0}};
  const PublicTensor one{{5, 1}, {2, -2, 0.5, -0.25, 0}}, yes{{5, 1}, {1, 1, 0, 0, 1}};
  auto body = [&](Ctx& ctx) {
    EXPECT_EQ(
        testing::open(ctx, count_correct(ctx, testing::share(ctx, scores), testing::share(ctx, classes)))
            .values[0],
        3);
    EXPECT_EQ(
        testing::open(ctx, count_correct(ctx, testing::share(ctx, one), testing::share(ctx, yes))).values[0],
        3);
    EXPECT_THROW(count_correct(ctx, testing::share(ctx, scores), testing::share(ctx, yes)), UsageError);
  };
  testing::on_doubles(body);
  testing::on_fixed(body);
  testing::on_aby3([&](Ctx& ctx, Party&, const Profile&) { body(ctx); });
}

}  // namespace
}  // namespace tacit::nn
