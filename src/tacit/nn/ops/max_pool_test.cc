// What MaxPool costs where windows overlap, and where they do not. (Its results are among the cases of
// testing/window_cases.cc.)
#include <gtest/gtest.h>

#include "tacit/nn/ops/ops.h"
#include "tacit/nn/testing/engines.h"

namespace tacit::nn {
namespace {

using Integers = std::vector<std::int64_t>;

/// Bytes that party 0 sends.
double bytes_of(const std::function<void(Ctx&)>& work) {
  double out = 0;
  testing::on_dry(party_id(0), profile_named("lan"), [&](Ctx& ctx) {
    out = static_cast<double>(testing::dry_cost(ctx, [&] { work(ctx); }).payload);
  });
  return out;
}
double bytes_of_pool(const Shape& x, const Attrs& attrs) {
  return bytes_of([&](Ctx& ctx) {
    const Value in(fn::zeros(ctx, x));
    const Value* inputs[] = {&in};
    kMaxPool.forward(ctx, {inputs, attrs}, nullptr);
  });
}
/// Of as many comparisons at once.
double bytes_of_comparisons(std::size_t n) {
  return bytes_of([&](Ctx& ctx) { fn::relu(ctx, fn::zeros(ctx, {n})); });
}

TEST(MaxPool, ComparesFewerNumbersWhereWindowsOverlap) {
  const Attrs overlapping{
      {"kernel_shape", Integers{3, 3}}, {"strides", Integers{2, 2}}, {"pads", Integers{1, 1, 1, 1}}};
  const Shape x{1, 16, 112, 112};
  const std::size_t results = 16 * 56 * 56;
  const double bytes = bytes_of_pool(x, overlapping);
  EXPECT_NEAR(bytes / bytes_of_comparisons(6 * results), 1, 0.02);
  EXPECT_LT(bytes, 0.8 * bytes_of_comparisons(8 * results));
}

TEST(MaxPool, ComparesAllPositionsOfAWindowWhereTheyDoNot) {
  const Attrs apart{{"kernel_shape", Integers{2, 2}}, {"strides", Integers{2, 2}}};
  EXPECT_NEAR(bytes_of_pool({1, 16, 112, 112}, apart) / bytes_of_comparisons(3 * 16 * 56 * 56), 1, 0.02);
}

}  // namespace
}  // namespace tacit::nn
