// Optimisers: how parameters follow gradients. Gradients come summed over the batch; 1/batch and the learning
// rate are one public factor, rounded to 13 digits, that is applied before the one truncation of an update.
// That truncation rounds up or down at random, without bias, so that steps smaller than a unit in the last
// place are not lost on average.
#pragma once

#include <memory>
#include <string>

#include "tacit/nn/graph/execute.h"

namespace tacit::nn {

struct OptimiserSettings {
  std::string name = "sgd";  ///< sgd, momentum, adam, amsgrad
  double rate = 0.1;
  double momentum = 0.9;                              ///< momentum
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-3;  ///< adam, amsgrad
  double weight_decay = 0;                            ///< times the parameter, added to its mean gradient
  double clip = 0;                                    ///< bound on each element of the mean gradient; 0: none
  std::string schedule = "constant";                  ///< constant, step, cosine, linear
  double schedule_factor = 0.1;                       ///< step: times this at every schedule_epochs
  double schedule_epochs = 1;
};

/// The binary exponents of the public factors of the step with that number (from 1): by how many digits
/// results are truncated, and what that costs, follows from them.
std::vector<int> factor_exponents(const OptimiserSettings&, double rate, std::size_t batch,
                                  std::uint64_t step);

/// UsageError, naming the setting and the nearest right value, for settings that make no sense.
void check(const OptimiserSettings&);
/// The learning rate at a point of the training, progress in epochs of `epochs`.
double rate_at(const OptimiserSettings&, double progress, double epochs);

class Optimiser {
 public:
  virtual ~Optimiser() = default;
  /// One step on the summed gradients of `batch` examples at learning rate `rate`.
  virtual void step(Ctx&, Parameters&, std::vector<Grad> gradients, std::size_t batch, double rate) = 0;

  // What earlier steps leave for later ones, besides the parameters: none before the first step.
  virtual std::vector<const Secret<Real>*> state() const { return {}; }
  /// The shapes of state() after a step on parameters of these.
  virtual std::vector<Shape> state_shapes(std::span<const Shape>) const { return {}; }
  /// Puts it back as it was after `steps` steps, one at least.
  virtual void restore(std::uint64_t /*steps*/, std::vector<Secret<Real>> /*state*/) {}
};
std::unique_ptr<Optimiser> make_optimiser(const OptimiserSettings&);

}  // namespace tacit::nn
