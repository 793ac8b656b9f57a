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

StealAudit steal(const Oracle& oracle, const PublicTensor& questions, const PublicTensor& held_out,
                 const StealSettings& settings,
                 const std::function<void(std::size_t, std::size_t)>& progress) {
  std::vector<std::size_t> queries = settings.queries;
  std::sort(queries.begin(), queries.end());
  queries.erase(std::unique(queries.begin(), queries.end()), queries.end());
  require(!queries.empty() && queries.front() > 0, "an audit needs one question at least");
  const std::size_t there = questions.shape.at(0);
  require(queries.back() <= there, "there are {} examples to ask about, and {} are to be asked", there,
          queries.back());
  const Answers asked{questions, questions};
  Answers known = asked.first(queries.back());
  known.answers = oracle(known.questions);
  const PublicTensor truth = oracle(held_out);
  require(!known.answers.values.empty() && known.answers.shape.at(0) == known.rows() &&
              truth.shape.at(0) == held_out.shape.at(0) && width_of(truth) == width_of(known.answers),
          "the model gives no scores for these examples");
  for (const double x : known.answers.values)
    require(std::isfinite(x), "the model answers with what is no number");

  StealAudit out;
  out.inputs = width_of(questions);
  out.outputs = width_of(truth);
  out.held_out = held_out.shape[0];
  out.guess = most_frequent(truth);
  const bool affine = out.inputs <= kMostAffineInputs;
  const std::size_t all = queries.size() * (affine ? 2 : 1);
  const auto attempt = [&](const char* thief, std::size_t count, auto learn) {
    const auto begin = std::chrono::steady_clock::now();
    const auto imitation = learn(known.first(count));
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    out.curve.push_back({count, thief, fidelity_of(truth, imitation->run(held_out)), taken.count()});
    if (progress) progress(out.curve.size(), all);
  };
  if (affine)
    for (const std::size_t n : queries)
      attempt("affine", n, [](const Answers& a) { return affine_imitation(a); });
  for (const std::size_t n : queries)
    attempt("network", n, [&](const Answers& a) { return network_imitation(a, settings.network); });
  return out;
}

}  // namespace tacit::audit
