#include "tacit/split/seco/substitutes.h"

#include <gtest/gtest.h>

#include "tacit/split/seco/gmw_activation.h"
#include "tacit/split/seco/testing/models.h"

namespace tacit::seco {
namespace {

using B = testing::SplitModelBuilder;

TEST(Substitutes, ReplaceWhatThereIs) {
  B b({1, 1, 8, 8});
  b.conv(2, 3), b.relu(), b.pool(nn::kMaxPool, 2, 2), b.conv(3, 2);
  b.op(nn::kClip, {b.last}, {{"min", 0.0}, {"max", 6.0}}), b.dense(3);
  const auto [name, graph] = b.done("both");
  const std::vector<Substitute> all = substitutes(graph, {32, 10});
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].to, "average-pool");
  for (const Stage& s : all[0].model.network.stages) EXPECT_EQ(s.activation.positions, 1u);
  EXPECT_EQ(all[1].to, "ReLU");
  for (const Stage& s : all[1].model.network.stages) EXPECT_FALSE(s.activation.ceiling.has_value());
  const Model model = split_model(graph, {32, 10});
  for (const Substitute& s : all) EXPECT_EQ(face_of(s.model.network), face_of(model.network));
  // A ReLU without a ceiling has no comparison.
  auto ands = [](const Network& network) {
    std::size_t n = 0;
    for (std::size_t s = 0; s < network.stages.size(); ++s) n += shared_activation(network, s).ands();
    return n;
  };
  EXPECT_LT(ands(all[1].model.network), ands(model.network));
}

TEST(Substitutes, ProposeNothingThatCannotBeSplit) {
  B padded({1, 1, 8, 8});
  padded.conv(2, 3), padded.pool(nn::kMaxPool, 2, 1, 1), padded.dense(3);
  EXPECT_TRUE(substitutes(padded.done("padded").graph, {32, 10}).empty());
  B plain({1, 6});
  plain.dense(4), plain.relu(), plain.dense(2);
  EXPECT_TRUE(substitutes(plain.done("plain").graph, {32, 10}).empty());
}

}  // namespace
}  // namespace tacit::seco
