#include "tacit/job/loss_points.h"

#include <gtest/gtest.h>

namespace tacit {
namespace {

TEST(LossPoints, AreAsManyAsAllowedAndNeverOfTheRestOfAnEpoch) {
  for (std::size_t rows : {1, 7, 64, 65, 1000})
    for (std::size_t batch : {1, 8, 64})
      for (std::size_t epochs : {1, 5})
        for (std::uint64_t times : {0, 1, 20, 100000}) {
          nn::TrainSettings settings;
          settings.batch = batch;
          settings.epochs = epochs;
          const LossPoints points(rows, settings, times);
          const std::size_t per_epoch = (rows + batch - 1) / batch;
          std::size_t count = 0;
          for (std::size_t step = 0; step < per_epoch * epochs; ++step) {
            if (!points(step)) continue;
            ++count;
            const bool rest = rows >= batch && step % per_epoch == per_epoch - 1 && rows % batch != 0;
            EXPECT_FALSE(rest) << rows << " " << batch << " " << step;
          }
          EXPECT_EQ(count, std::min<std::uint64_t>(times, std::max<std::size_t>(1, rows / batch) * epochs));
        }
}

}  // namespace
}  // namespace tacit
