#include "tacit/audit/steal.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "tacit/base/error.h"

namespace tacit::audit {

namespace {

std::size_t width_of(const PublicTensor& t) { return t.values.size() / t.shape.at(0); }

/// What each row of scores decides.
std::vector<std::size_t> decisions(const PublicTensor& scores, double threshold) {
  const std::size_t width = width_of(scores);
  std::vector<std::size_t> out;
  for (std::size_t r = 0; r < scores.shape[0]; ++r) {
    const double* row = scores.values.data() + r * width;
    out.push_back(width == 1 ? (row[0] > threshold ? 1 : 0)
                             : static_cast<std::size_t>(std::max_element(row, row + width) - row));
  }
  return out;
}

double mean_of(const PublicTensor& t) {
  double sum = 0;
  for (const double x : t.values) sum += x;
  return sum / static_cast<double>(t.values.size());
}

/// Of the most frequent decision.
double most_frequent(const PublicTensor& scores) {
  std::vector<std::size_t> all = decisions(scores, mean_of(scores));
  std::sort(all.begin(), all.end());
  std::size_t most = 0;
  for (auto at = all.begin(); at != all.end();) {
    const auto end = std::upper_bound(at, all.end(), *at);
    most = std::max(most, static_cast<std::size_t>(end - at));
    at = end;
  }
  return static_cast<double>(most) / static_cast<double>(all.size());
}

}  // namespace

Fidelity fidelity_of(const PublicTensor& model, const PublicTensor& imitation) {
  ensure(model.shape == imitation.shape && !model.values.empty(), "answers to the same questions");
  const std::size_t width = width_of(model), rows = model.shape[0];
  const double mean = mean_of(model);
  const auto a = decisions(model, mean), b = decisions(imitation, mean);
  std::size_t same = 0;
  for (std::size_t r = 0; r < rows; ++r) same += a[r] == b[r] ? 1 : 0;
  std::vector<double> means(width);
  for (std::size_t i = 0; i < model.values.size(); ++i)
    means[i % width] += model.values[i] / static_cast<double>(rows);
  double difference = 0, own = 0;
  for (std::size_t i = 0; i < model.values.size(); ++i) {
    const double d = imitation.values[i] - model.values[i], m = model.values[i] - means[i % width];
    difference += d * d;
    own += m * m;
  }
  return {static_cast<double>(same) / static_cast<double>(rows), own > 0 ? std::sqrt(difference / own)
                                                                 : difference > 0 ? HUGE_VAL
                                                                                  : 0.0};
}

const StolenAt* StealAudit::best(std::size_t queries) const {
  const StolenAt* out = nullptr;
  for (const StolenAt& s : curve)
    if (s.queries <= queries && (out == nullptr || s.fidelity.agreement > out->fidelity.agreement)) out = &s;
  return out;
}

std::vector<std::size_t> usual_queries(std::size_t most) {
  std::vector<std::size_t> out;
  for (std::size_t decade = 10; decade <= most; decade *= 10)
    for (const std::size_t factor : {1u, 2u, 5u})
      if (const std::size_t n = decade * factor; n >= 50 && n <= most) out.push_back(n);
  if (out.empty() || out.back() != most) out.push_back(most);
  return out;
}

double accuracy_of(const PublicTensor& scores, const PublicTensor& model,
                   const std::vector<std::size_t>& labels) {
  ensure(scores.shape.at(0) == labels.size() && !labels.empty(), "a label for each example");
  const auto [low, high] = std::minmax_element(model.values.begin(), model.values.end());
  const auto told = decisions(scores, *low >= 0 && *high <= 1 ? 0.5 : 0);
  std::size_t right = 0;
  for (std::size_t r = 0; r < labels.size(); ++r) right += told[r] == labels[r] ? 1 : 0;
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

Asked ask(const Oracle& oracle, const PublicTensor& questions, const PublicTensor& held_out,
          std::vector<std::size_t> queries, std::vector<std::size_t> labels) {
  std::sort(queries.begin(), queries.end());
  queries.erase(std::unique(queries.begin(), queries.end()), queries.end());
  require(!queries.empty() && queries.front() > 0, "an audit needs one question at least");
  const std::size_t there = questions.shape.at(0);
  require(queries.back() <= there, "there are {} examples to ask about, and {} are to be asked", there,
          queries.back());
  const Answers all{questions, questions};
  Asked out{all.first(queries.back()), held_out, {}, std::move(labels), std::move(queries)};
  out.known.answers = oracle(out.known.questions);
  out.truth = oracle(held_out);
  require(!out.known.answers.values.empty() && out.known.answers.shape.at(0) == out.known.rows() &&
              out.truth.shape.at(0) == held_out.shape.at(0) &&
              width_of(out.truth) == width_of(out.known.answers),
          "the model gives no scores for these examples");
  for (const PublicTensor* t : {&out.known.answers, &out.truth})
    for (const double x : t->values) require(std::isfinite(x), "the model answers with what is no number");
  if (out.labels.empty()) return out;
  require(out.labels.size() == held_out.shape[0], "there are {} labels for {} examples that are held back",
          out.labels.size(), held_out.shape[0]);
  const std::size_t classes = std::max<std::size_t>(width_of(out.truth), 2);
  for (const std::size_t c : out.labels)
    require(c < classes, "a label is {}, and the model tells {} classes, which count from 0", c, classes);
  return out;
}

StealAudit steal(const Asked& asked, const StealSettings& settings,
                 const std::function<void(std::size_t, std::size_t)>& progress) {
  StealAudit out;
  out.inputs = width_of(asked.known.questions);
  out.outputs = width_of(asked.truth);
  out.held_out = asked.held_out.shape[0];
  out.guess = most_frequent(asked.truth);
  const auto accuracy = [&](const PublicTensor& scores) -> std::optional<double> {
    if (asked.labels.empty()) return std::nullopt;
    return accuracy_of(scores, asked.truth, asked.labels);
  };
  out.accuracy = accuracy(asked.truth);
  const bool affine = out.inputs <= kMostAffineInputs;
  const std::size_t all = asked.queries.size() * (affine ? 2 : 1);
  const auto attempt = [&](const char* thief, std::size_t count, auto learn) {
    const auto begin = std::chrono::steady_clock::now();
    const auto imitation = learn(asked.known.first(count));
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    const PublicTensor scores = imitation->run(asked.held_out);
    out.curve.push_back({count, thief, fidelity_of(asked.truth, scores), taken.count(), accuracy(scores)});
    if (progress) progress(out.curve.size(), all);
  };
  if (affine)
    for (const std::size_t n : asked.queries)
      attempt("affine", n, [](const Answers& a) { return affine_imitation(a); });
  for (const std::size_t n : asked.queries)
    attempt("network", n, [&](const Answers& a) { return network_imitation(a, settings.network); });
  return out;
}

StealAudit steal(const Oracle& oracle, const PublicTensor& questions, const PublicTensor& held_out,
                 const StealSettings& settings,
                 const std::function<void(std::size_t, std::size_t)>& progress) {
  return steal(ask(oracle, questions, held_out, settings.queries), settings, progress);
}

}  // namespace tacit::audit
