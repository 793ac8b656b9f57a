// Stealing a model by asking it: how well imitations agree with it, for more and more questions. What comes
// out is what these thieves get; one who knows more, or tries harder, gets more. The model is a function
// here, and nothing but its answers is used; partition.h has thieves who have a part of the model itself.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tacit/audit/imitation.h"

namespace tacit::audit {

/// Answers [rows, ...] to questions [rows, ...].
using Oracle = std::function<PublicTensor(const PublicTensor&)>;

/// How alike two models answer.
struct Fidelity {
  /// The part of the questions to which both give the same answer: the place of the largest score, or, of
  /// models with one score, the side of the model's mean on which it lies.
  double agreement = 0;
  /// The root of the mean square of the scores' differences, by the model's own deviation: 1 for who always
  /// answers the mean.
  double error = 0;
};
Fidelity fidelity_of(const PublicTensor& model, const PublicTensor& imitation);

/// The part of the examples to which scores give the right class. Of one score: 1 where it is above 0, or, if
/// the model's are all within [0, 1], above a half.
double accuracy_of(const PublicTensor& scores, const PublicTensor& model,
                   const std::vector<std::size_t>& labels);

struct StolenAt {
  std::size_t queries = 0;
  std::string thief;  ///< "affine" or "network"
  Fidelity fidelity;
  double seconds = 0;                   ///< that it took to learn
  std::optional<double> accuracy = {};  ///< where labels are known
};
struct StealAudit {
  std::size_t inputs = 0, outputs = 0;  ///< numbers in an example and in an answer
  std::size_t held_out = 0;             ///< examples that agreement is measured on
  double guess = 0;                     ///< agreement of who always gives the most frequent answer
  std::vector<StolenAt> curve;          ///< by thieves, then by queries upwards
  std::optional<double> accuracy = {};  ///< the model's own, where labels are known

  /// The best of all thieves with at most so many queries; null if there is none.
  const StolenAt* best(std::size_t queries) const;
};

struct StealSettings {
  std::vector<std::size_t> queries;  ///< each at least 1; as many examples must be there
  NetworkSettings network = {};
};

/// The queries of a curve up to so many: 50, 100, 200, 500, 1000 and so on.
std::vector<std::size_t> usual_queries(std::size_t most);

/// What thieves have, and what they are measured by.
struct Asked {
  Answers known;                          ///< in the order in which they were asked
  PublicTensor held_out, truth;           ///< other questions, and the model's answers
  std::vector<std::size_t> labels = {};   ///< classes of those; empty if nobody knows them
  std::vector<std::size_t> queries = {};  ///< the points of curves: upwards, each once
};
/// Asks about as many questions as are wanted at most. UsageError if there are too few, for labels that are
/// not as many as the questions held out, or no classes of the model's, and for answers that are no numbers.
Asked ask(const Oracle& oracle, const PublicTensor& questions, const PublicTensor& held_out,
          std::vector<std::size_t> queries, std::vector<std::size_t> labels = {});

/// `progress` is told of points done; may be empty.
StealAudit steal(const Asked& asked, const StealSettings& settings,
                 const std::function<void(std::size_t done, std::size_t all)>& progress);
/// Asks first.
StealAudit steal(const Oracle& oracle, const PublicTensor& questions, const PublicTensor& held_out,
                 const StealSettings& settings,
                 const std::function<void(std::size_t done, std::size_t all)>& progress);

}  // namespace tacit::audit
