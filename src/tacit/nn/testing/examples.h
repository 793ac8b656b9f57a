// Examples for tests of training, from tables that every engine shares alike. For tests only.
#pragma once

#include "tacit/nn/testing/engines.h"
#include "tacit/nn/train/trainer.h"

namespace tacit::nn::testing {

class TableExamples final : public Examples {
 public:
  TableExamples(Ctx& ctx, const PublicTensor& features, const PublicTensor& targets)
      : features_(share(ctx, features)), targets_(share(ctx, targets)) {}

  std::size_t rows() const override { return features_.shape()[0]; }
  Batch batch(Ctx& ctx, std::span<const std::size_t> rows) override {
    return {pick(ctx, features_, rows), pick(ctx, targets_, rows)};
  }

 private:
  static Secret<Real> pick(Ctx& ctx, const Secret<Real>& x, std::span<const std::size_t> rows) {
    Shape shape = x.shape();
    const std::size_t width = x.size() / shape[0];
    shape[0] = rows.size();
    std::vector<std::size_t> places;
    for (std::size_t row : rows)
      for (std::size_t i = 0; i < width; ++i) places.push_back(row * width + i);
    return fn::gather(ctx, x, places, shape);
  }

  Secret<Real> features_, targets_;
};

/// Everything that a model is, opened.
inline std::vector<PublicTensor> open_all(Ctx& ctx, const Parameters& parameters) {
  std::vector<PublicTensor> out;
  for (const auto& p : parameters) out.push_back(open(ctx, p));
  return out;
}

}  // namespace tacit::nn::testing
