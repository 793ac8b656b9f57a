// The networks A to D of the literature (see docs/performance.md), and examples for them.
#pragma once

#include "tacit/fn/guard.h"
#include "tacit/nn/graph/graph.h"
#include "tacit/nn/train/trainer.h"

namespace tacit::bench {

/// 28x28 images in the shape that the network wants.
nn::Graph network(std::string_view name);

/// Random images and labels of `rows` rows, shared by party 0 and then drawn from as a public shuffle would.
class SharedImages final : public nn::Examples {
 public:
  SharedImages(fn::Ctx&, const nn::Graph&, std::size_t batch, std::size_t batches);
  std::size_t rows() const override { return batch_ * batches_; }
  Batch batch(fn::Ctx&, std::span<const std::size_t> rows) override;

 private:
  std::size_t batch_, batches_, next_ = 0;
  std::vector<Batch> kept_;
};

/// What one step of training costs a party by declaration: payload of each of the three, and rounds.
struct StepCost {
  std::uint64_t payload_all = 0, rounds = 0;
};
StepCost declared_step(const nn::Graph&, std::string_view profile, std::size_t batch);
/// The same of so many steps one after the other, of which every so many are guarded against overflow.
std::vector<StepCost> declared_steps(const nn::Graph&, std::string_view profile, std::size_t batch,
                                     std::size_t steps, std::size_t guard_every);

/// Images that come anew with every batch, as shares of numbers that are declared to lie in [0, 1].
class DeclaredImages final : public nn::Examples {
 public:
  DeclaredImages(fn::Ctx&, const nn::Graph&, std::size_t batch, std::size_t batches);
  std::size_t rows() const override { return images_.rows(); }
  Batch batch(fn::Ctx&, std::span<const std::size_t> rows) override;

 private:
  SharedImages images_;
};
/// Hooks that guard every so many steps and check what waits after each.
nn::TrainHooks guarding(GuardEngine&, std::size_t guard_every);

}  // namespace tacit::bench
