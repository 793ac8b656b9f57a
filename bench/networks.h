// The networks A to D of the literature (see docs/performance.md), and examples for them.
#pragma once

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

}  // namespace tacit::bench
