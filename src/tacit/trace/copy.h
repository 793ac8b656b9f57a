// A customer's copy of a model: the model with the customer's fingerprint, and how much that changed its
// answers.
#pragma once

#include <optional>

#include "tacit/trace/customers.h"

namespace tacit::trace {

/// Answers to the same questions before and after.
struct ScoreChange {
  std::size_t examples = 0;
  /// The root of the mean square of the differences, by that of the scores.
  double relative = 0;
  double largest = 0;  ///< difference of one score
  /// Examples whose largest score stands at the same place; of models with one score, on the same side of 0.
  std::size_t same_answer = 0;
};
/// Of models of one form. `examples` [rows, ...]. UsageError if they do not fit.
ScoreChange change_between(const nn::Graph& before, const nn::Graph& after, const PublicTensor& examples,
                           unsigned threads);

/// More than this, as ScoreChange::relative, is no small change any more: the model is refused.
constexpr double kMostChange = 0.1;

struct MarkedCopy {
  std::string text;  ///< of the ONNX file
  unsigned colluders = 0;
  std::size_t positions = 0, carriers = 0;
  ScoreChange change;
};

/// Questions by which the change is measured: the vendor's own, or normal numbers.
struct Probe {
  std::optional<PublicTensor> examples;
  std::size_t random = 512;  ///< how many, without examples
  unsigned threads = 0;
};

/// Colluders against whom the model has room for a code. UsageError if for none.
unsigned colluders_of(const OriginalModel& original);
/// The same copy for the same customer every time. UsageError if the answers change by more than kMostChange.
MarkedCopy mark_copy(const OriginalModel& original, const Code& code, const CopyHolder& customer,
                     const Probe& probe);

}  // namespace tacit::trace
