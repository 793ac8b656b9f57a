#include "tacit/split/seco/correlation_store.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/split/seco/testing/correlations.h"
#include "tacit/split/seco/testing/models.h"

namespace tacit::seco {
namespace {

struct Case {
  explicit Case(std::size_t which)
      : model(split_model(testing::split_models()[which].graph, {32, 10})), circuits(model.network, 2) {}
  Bytes saved(std::uint64_t seed) const {
    MemoryWriter to;
    save(testing::some_correlation(model.network, circuits, seed), to);
    return to.bytes;
  }
  Correlation read(ByteView bytes) const {
    MemoryReader from(bytes);
    return load_correlation(model.network, circuits, party_id(0), from);
  }
  Model model;
  Circuits circuits;
};

TEST(CorrelationStore, WhatIsSavedIsLoaded) {
  for (std::size_t which = 0; which < testing::split_models().size(); ++which) {
    const Case c(which);
    const Bytes bytes = c.saved(7);
    Correlation back = c.read(bytes), expected = testing::some_correlation(c.model.network, c.circuits, 7);
    EXPECT_TRUE(std::ranges::equal(back.input_seed.bytes(), expected.input_seed.bytes()));
    EXPECT_TRUE(std::ranges::equal(back.answer_seed.bytes(), expected.answer_seed.bytes()));
    ASSERT_EQ(back.stages.size(), expected.stages.size());
    for (std::size_t s = 0; s < back.stages.size(); ++s)
      EXPECT_EQ(back.stages[s].addend, expected.stages[s].addend);
    MemoryWriter again;
    save(std::move(back), again);
    EXPECT_EQ(again.bytes, bytes);
    EXPECT_NE(c.saved(8), bytes);
  }
}

TEST(CorrelationStore, WhatIsNoneOfThisNetworkIsRefused) {
  const Case c(2);
  const Bytes good = c.saved(1);
  for (std::size_t size = 0; size < good.size(); size += 1 + good.size() / 50)
    EXPECT_THROW(c.read(ByteView(good).first(size)), UsageError) << size;
  // Magic, the number of stages, the addend's size: each at its place.
  for (const std::size_t at : {std::size_t{3}, std::size_t{18}, std::size_t{20}, std::size_t{27},
                               std::size_t{60}, std::size_t{67}}) {
    Bytes bad = good;
    bad[at] ^= std::byte{1};
    EXPECT_THROW(c.read(bad), UsageError) << at;
  }
  Bytes bad = good;
  bad[68 + 7] = std::byte{1};  // the first addend, beyond 2^32
  EXPECT_THROW(c.read(bad), UsageError);
  for (const std::size_t other : {0, 3, 5}) EXPECT_THROW(Case(other).read(good), UsageError) << other;
}

}  // namespace
}  // namespace tacit::seco
