// The job's metric, summed up on shares: only the sum over the whole test set is ever revealed.
#pragma once

#include "tacit/data/schema.h"
#include "tacit/nn/train/trainer.h"

namespace tacit {

/// Rows that are measured at a time.
constexpr std::size_t kTestBatch = 256;

class Score {
 public:
  /// UsageError for a metric that is not computed on shares.
  explicit Score(Metric metric);
  void add(fn::Ctx&, const Secret<Real>& outputs, const Secret<Real>& targets);
  /// The secret sum, and what it means for so many rows.
  const Secret<Real>& sum(fn::Ctx&) const { return *sum_; }
  double value(double sum, std::size_t rows) const;

 private:
  Metric metric_;
  std::optional<Secret<Real>> sum_;
};

}  // namespace tacit
