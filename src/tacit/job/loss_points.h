// At which steps of a training the loss is revealed: a given number of times, spread evenly over the whole
// batches. The rest at an epoch's end can be a single row, whose own loss nobody is to see.
#pragma once

#include "tacit/nn/train/trainer.h"

namespace tacit {

class LossPoints {
 public:
  LossPoints(std::size_t rows, const nn::TrainSettings& settings, std::uint64_t times)
      : per_epoch_((rows + settings.batch - 1) / settings.batch),
        whole_(std::max<std::size_t>(1, rows / settings.batch)),
        all_(whole_ * settings.epochs),
        times_(std::min<std::uint64_t>(times, all_)) {}

  bool operator()(std::size_t step) const {
    const std::size_t within = step % per_epoch_, at = step / per_epoch_ * whole_ + within;
    return within < whole_ && (at + 1) * times_ / all_ != at * times_ / all_;
  }

 private:
  std::size_t per_epoch_, whole_, all_, times_;
};

}  // namespace tacit
