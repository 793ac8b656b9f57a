// Thieves get what they can get: of affine models everything, of constants nothing to be proud of, and of a
// network more with more questions.
#include "tacit/audit/steal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tacit/audit/steal_page.h"
#include "tacit/base/error.h"
#include "tacit/data/testing/files.h"
#include "tacit/trace/plain_model.h"

namespace tacit::audit {
namespace {

using tacit::testing::ScratchFolder;
using tacit::testing::usage_error;
using trace::random_examples;

/// Three scores of eight numbers: sums, each seen through `bend`.
PublicTensor answers(const PublicTensor& x, double (*bend)(double)) {
  PublicTensor out{{x.shape[0], 3}, {}};
  for (std::size_t r = 0; r < x.shape[0]; ++r)
    for (std::size_t o = 0; o < 3; ++o) {
      double sum = 0.3 * static_cast<double>(o);
      for (std::size_t i = 0; i < 8; ++i)
        sum += std::sin(1.0 + 2.3 * static_cast<double>(o * 8 + i)) * bend(x.values[r * 8 + i]);
      out.values.push_back(sum);
    }
  return out;
}
PublicTensor affine(const PublicTensor& x) {
  return answers(x, [](double v) { return v; });
}
PublicTensor bent(const PublicTensor& x) {
  return answers(x, [](double v) { return std::fabs(v); });
}

StealSettings settings(std::vector<std::size_t> queries) {
  StealSettings out;
  out.queries = std::move(queries);
  out.network.epochs = 30;
  out.network.hidden = 16;
  out.network.threads = 1;
  return out;
}
const StolenAt& at(const StealAudit& audit, const std::string& thief, std::size_t queries) {
  for (const StolenAt& s : audit.curve)
    if (s.thief == thief && s.queries == queries) return s;
  throw std::logic_error("no such point");
}

TEST(Steal, AnAffineModelIsSolved) {
  const PublicTensor x = random_examples({8}, 20, 1), test = random_examples({8}, 200, 2);
  const StealAudit audit = steal(affine, x, test, settings({5, 9, 20}), {});
  EXPECT_EQ(audit.inputs, 8u);
  EXPECT_EQ(audit.outputs, 3u);
  EXPECT_EQ(audit.held_out, 200u);
  EXPECT_GT(at(audit, "affine", 5).fidelity.error, 0.1);  // fewer than there are unknowns
  EXPECT_LT(at(audit, "affine", 9).fidelity.error, 1e-4);
  EXPECT_LT(at(audit, "affine", 20).fidelity.error, 1e-6);
  EXPECT_EQ(at(audit, "affine", 20).fidelity.agreement, 1);
  EXPECT_EQ(audit.best(20)->fidelity.agreement, 1);
  EXPECT_EQ(audit.best(4), nullptr);
}

TEST(Steal, ANetworkLearnsWithMoreQuestions) {
  const PublicTensor x = random_examples({8}, 400, 1), test = random_examples({8}, 200, 2);
  std::size_t told = 0;
  StealSettings s = settings({400, 20, 20});
  s.network.hidden = 24;
  s.network.rate = 0.03;
  const StealAudit audit = steal(bent, x, test, s, [&](std::size_t done, std::size_t all) {
    EXPECT_EQ(all, 4u);
    EXPECT_EQ(done, ++told);
  });
  EXPECT_EQ(told, 4u);
  const Fidelity few = at(audit, "network", 20).fidelity, many = at(audit, "network", 400).fidelity;
  EXPECT_GT(many.agreement, few.agreement + 0.1);
  EXPECT_GT(many.agreement, 0.7);
  EXPECT_LT(many.error, 0.6);
  EXPECT_GT(few.error, many.error + 0.2);
  // No affine function follows a magnitude.
  EXPECT_GT(at(audit, "affine", 400).fidelity.error, 0.8);
  EXPECT_LT(audit.guess, 0.9);
}

TEST(Steal, LabelsTellHowOftenImitationsAreRight) {
  const PublicTensor x = random_examples({8}, 30, 1), test = random_examples({8}, 20, 2);
  const PublicTensor scores = affine(test);
  std::vector<std::size_t> labels;
  for (std::size_t r = 0; r < 20; ++r) {
    const double* row = scores.values.data() + 3 * r;
    labels.push_back(static_cast<std::size_t>(std::max_element(row, row + 3) - row));
  }
  labels[0] = (labels[0] + 1) % 3;  // the model is wrong once
  StealSettings s = settings({20});
  s.network.epochs = 1;
  const StealAudit audit = steal(ask(affine, x, test, {20}, labels), s, {});
  EXPECT_EQ(audit.accuracy, 0.95);
  EXPECT_EQ(at(audit, "affine", 20).accuracy, 0.95);
  // One score: above 0, or above a half where the model gives probabilities.
  const PublicTensor one{{3, 1}, {-1, 0.4, 2}}, part{{3, 1}, {0.1, 0.4, 0.9}};
  EXPECT_EQ(accuracy_of(one, one, {0, 1, 1}), 1);
  EXPECT_EQ(accuracy_of(part, part, {0, 0, 1}), 1);
  const ScratchFolder folder;
  const auto said = [&](std::vector<std::size_t> given) {
    return usage_error(folder, [&] { ask(affine, x, test, {20}, std::move(given)); });
  };
  EXPECT_NE(said({1, 2}).find("2 labels for 20 examples"), std::string::npos);
  labels[1] = 3;
  EXPECT_NE(said(labels).find("a label is 3"), std::string::npos);
}

TEST(Steal, TheModelIsAskedNoMoreThanIsSaid) {
  std::size_t asked = 0;
  const Oracle counting = [&](const PublicTensor& x) {
    asked += x.shape[0];
    return affine(x);
  };
  steal(counting, random_examples({8}, 100, 1), random_examples({8}, 10, 2), settings({7, 40}), {});
  EXPECT_EQ(asked, 40u + 10u);
}

TEST(Steal, WhatCannotBeAudited) {
  const ScratchFolder folder;
  const PublicTensor x = random_examples({8}, 10, 1);
  const auto said = [&](const Oracle& oracle, std::vector<std::size_t> queries) {
    return usage_error(folder, [&] { steal(oracle, x, x, settings(std::move(queries)), {}); });
  };
  EXPECT_NE(said(affine, {}).find("one question at least"), std::string::npos);
  EXPECT_NE(said(affine, {0, 3}).find("one question at least"), std::string::npos);
  EXPECT_NE(said(affine, {11}).find("there are 10 examples"), std::string::npos);
  const Oracle broken = [](const PublicTensor& q) {
    return PublicTensor{{q.shape[0]}, std::vector<double>(q.shape[0], NAN)};
  };
  EXPECT_NE(said(broken, {5}).find("no number"), std::string::npos);
}

TEST(Steal, UsualQueries) {
  EXPECT_EQ(usual_queries(1000), (std::vector<std::size_t>{50, 100, 200, 500, 1000}));
  EXPECT_EQ(usual_queries(700), (std::vector<std::size_t>{50, 100, 200, 500, 700}));
  EXPECT_EQ(usual_queries(12), (std::vector<std::size_t>{12}));
}

TEST(Fidelity, CountsDecisionsAndMeasuresScores) {
  const PublicTensor model{{2, 2}, {1, 2, 4, 3}}, other{{2, 2}, {1, 2, 3, 4}};
  EXPECT_EQ(fidelity_of(model, model).agreement, 1);
  EXPECT_EQ(fidelity_of(model, model).error, 0);
  EXPECT_EQ(fidelity_of(model, other).agreement, 0.5);
  EXPECT_NEAR(fidelity_of(model, other).error, std::sqrt(2.0 / 5), 1e-12);
  // One score: on which side of the model's mean, 2, it lies.
  const PublicTensor one{{4, 1}, {1, 1, 3, 3}}, near{{4, 1}, {1, 1.5, 2.5, 1.9}};
  EXPECT_EQ(fidelity_of(one, near).agreement, 0.75);
}

TEST(StealPage, IsSelfContainedAndEscapes) {
  const PublicTensor x = random_examples({8}, 60, 1), test = random_examples({8}, 50, 2);
  const StealAudit audit = steal(affine, x, test, settings({10, 60}), {});
  const AuditedModel model{"<b>speech</b>", "ACME & Co", "traceable", 4, "customer <7>", true};
  const std::string page = steal_page(model, audit);
  EXPECT_EQ(page.find("<b>speech"), std::string::npos);
  EXPECT_NE(page.find("&lt;b&gt;speech"), std::string::npos);
  EXPECT_EQ(page.find("customer <7>"), std::string::npos);
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("http:"), std::string::npos);
  EXPECT_EQ(page.find("https:"), std::string::npos);
  EXPECT_NE(page.find("needs no query"), std::string::npos);
  // Both curves, with a point for each measurement.
  std::size_t dots = 0;
  for (std::size_t from = 0; (from = page.find("<circle", from)) != std::string::npos; ++from) ++dots;
  EXPECT_EQ(dots, 2 * audit.curve.size());  // drawn for wide pages and for narrow ones
  EXPECT_NE(insider_words({"m", "v", "sealed", 1, "", false}).find("Nothing in what it has"),
            std::string::npos);
}

}  // namespace
}  // namespace tacit::audit
