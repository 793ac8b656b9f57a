// Losses. Gradients are those of the sum over the batch: dividing by its size is left to the optimiser, where
// it costs no digits.
#pragma once

#include "tacit/nn/ops/op.h"

namespace tacit::nn {

struct LossResult {
  Secret<Real> gradient;              ///< of the network's output
  std::optional<Secret<Real>> total;  ///< summed over the batch: a scalar, if it was asked for
};

struct Loss {
  std::string_view name;  ///< as in the job file
  std::string_view summary;
  /// `outputs` and `targets` are [batch, width].
  LossResult (*evaluate)(Ctx&, const Secret<Real>& outputs, const Secret<Real>& targets, bool want_total);
};

/// softmax_cross_entropy (targets one-hot), binary_cross_entropy (targets 0 or 1; both take scores, not
/// probabilities), squared_error.
std::span<const Loss* const> all_losses();
/// UsageError, with the nearest name, if there is none.
const Loss& loss_named(std::string_view name);

}  // namespace tacit::nn
