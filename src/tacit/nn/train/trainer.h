// Training: batches in a public order, forward, loss, backward, step. Knows nothing of parties, files or
// protocols.
#pragma once

#include <functional>

#include "tacit/nn/train/loss.h"
#include "tacit/nn/train/optimiser.h"
#include "tacit/nn/train/train_state.h"

namespace tacit::nn {

/// Where examples come from: rows of secret features and targets.
class Examples {
 public:
  virtual ~Examples() = default;
  virtual std::size_t rows() const = 0;
  struct Batch {
    Secret<Real> features;  ///< [batch, ..], the network's input shape
    Secret<Real> targets;   ///< [batch, width]
  };
  virtual Batch batch(Ctx&, std::span<const std::size_t> rows) = 0;
};

struct StepInfo {
  std::size_t epoch, step, steps;      ///< steps of all epochs, from 0
  std::size_t examples;                ///< in this batch
  const Secret<Real>* loss = nullptr;  ///< their total loss, at the steps for which it was asked
};

/// What a step has computed before its gradients: for whoever compares runs.
struct ForwardInfo {
  std::size_t step;
  const Examples::Batch& batch;
  const Tape& tape;                     ///< every value of the graph, by ValueId
  const Secret<Real>& output_gradient;  ///< as the loss has it
};

struct TrainHooks {
  /// Whether there is to be another step; may be empty: to the end.
  std::function<bool(std::size_t step)> goes_on;
  /// Before each step, its batch included; may be empty.
  std::function<void(std::size_t step)> before_step;
  /// Whether the loss of a step is wanted (it costs a little); may be empty.
  std::function<bool(std::size_t step)> wants_loss;
  /// Between a step's loss and its gradients; may be empty.
  std::function<void(const ForwardInfo&)> after_forward;
  /// After each step; may be empty.
  std::function<void(const StepInfo&)> after_step;
};

/// Rows in the order of an epoch: a permutation that follows from the seed and the epoch alone.
std::vector<std::size_t> shuffled_rows(std::size_t rows, std::uint64_t seed, std::size_t epoch);

/// One step on those rows, in place: of the state's epoch and number. Hooks see it as train() calls them.
void take_step(Ctx&, const Graph&, TrainState&, Examples&, std::span<const std::size_t> rows,
               const TrainSettings&, const TrainHooks&);
/// Goes on from a state to the end, in place. Hooks see it as it is between two steps.
void train(Ctx&, const Graph&, TrainState&, Examples&, const TrainSettings&, const TrainHooks&);
/// From the beginning, in place.
void train(Ctx&, const Graph&, Parameters&, Examples&, const TrainSettings&, const TrainHooks&);

/// How many of the examples have their largest score where their target is largest; scores of one number
/// count as right when they are on the target's side of 0.
Secret<Real> count_correct(Ctx&, const Secret<Real>& outputs, const Secret<Real>& targets);

}  // namespace tacit::nn
