#include "tacit/split/seco/parts.h"

#include <gtest/gtest.h>

#include "tacit/base/error.h"
#include "tacit/crypto/hash.h"
#include "tacit/split/seco/testing/models.h"

namespace tacit::seco {
namespace {

Model model_of(std::size_t which) { return split_model(testing::split_models()[which].graph, {32, 10}); }

TEST(Parts, SharesOfAllHoldersAreTheWeights) {
  for (std::size_t which = 0; which < testing::split_models().size(); ++which)
    for (const std::size_t gateway : {0, 1}) {
      const Model model = model_of(which);
      const auto parts = cut(model, "m", {"a", "b", "c"}, place_layers(model.network, 3, gateway, which % 2));
      for (std::size_t w = 0; w < model.weights.size(); ++w) {
        std::vector<Word> sum(model.weights[w].size(), 0);
        std::size_t holders = 0;
        for (const Part& p : parts) {
          const RingTensor& share = p.weights[w];
          holders += share.size() > 0;
          for (std::size_t i = 0; i < share.size(); ++i)
            sum[i] = (sum[i] + share.data()[i]) & model.network.numbers.mask();
        }
        EXPECT_GE(holders, 1u);
        EXPECT_TRUE(std::equal(sum.begin(), sum.end(), model.weights[w].data()));
      }
    }
}

TEST(Parts, ComeBackFromBytes) {
  for (std::size_t which = 0; which < testing::split_models().size(); ++which) {
    const Model model = model_of(which);
    for (const Part& p : cut(model, "m", {"a", "b"}, place_layers(model.network, 2, 1, true))) {
      const Bytes bytes = to_bytes(p);
      const Part back = read_part(bytes, "file");
      EXPECT_EQ(to_bytes(back), bytes);
      EXPECT_EQ(back.self, p.self);
      EXPECT_EQ(back.cut, p.cut);
      EXPECT_EQ(back.holders, p.holders);
    }
  }
}

TEST(Parts, TwoCutsOfOneModelDiffer) {
  const Model model = model_of(0);
  const auto holders = place_layers(model.network, 2, 0, true);
  const auto one = cut(model, "m", {"a", "b"}, holders), two = cut(model, "m", {"a", "b"}, holders);
  EXPECT_NE(one[0].cut, two[0].cut);
  EXPECT_EQ(one[0].cut, one[1].cut);
  EXPECT_FALSE(one[1].weights[0].words == two[1].weights[0].words);
}

TEST(Parts, DamagedFilesAreRefused) {
  const Model model = model_of(2);
  const Bytes bytes = to_bytes(cut(model, "m", {"a", "b"}, place_layers(model.network, 2, 0, false))[1]);
  for (std::size_t size : {std::size_t{0}, std::size_t{40}, bytes.size() - 1})
    EXPECT_THROW(read_part(ByteView(bytes).first(size), "file"), UsageError) << size;
  for (std::size_t at = 0; at < bytes.size(); at += 97) {
    Bytes wrong = bytes;
    wrong[at] ^= std::byte{1};
    EXPECT_THROW(read_part(wrong, "file"), UsageError) << at;
  }
}

/// Nothing but whole numbers from 0 on is taken for one, wherever one stands in the structure.
TEST(Parts, NumbersThatAreNoneAreRefused) {
  constexpr std::size_t kSize = 13 + 32 + 8, kText = kSize + 8, kSum = 32;
  std::size_t tried = 0;
  for (const std::size_t which : {0u, 3u}) {
    const Bytes bytes = to_bytes(
        cut(model_of(which), "m", {"a", "b"}, place_layers(model_of(which).network, 2, 0, false))[1]);
    const auto size = static_cast<std::size_t>(read_at<std::uint64_t>(bytes, kSize));
    const std::string text(text_of(ByteView(bytes).subspan(kText, size)));
    const auto with = [&](const std::string& other) {
      Bytes out(bytes.begin(), bytes.begin() + kSize);
      append(out, static_cast<std::uint64_t>(other.size()));
      append_bytes(out, bytes_of(other));
      append_bytes(out, ByteView(bytes).subspan(kText + size, bytes.size() - kText - size - kSum));
      append_bytes(out, sha256(out));
      return out;
    };
    ASSERT_EQ(with(text), bytes);
    for (std::size_t at = 1; at < text.size(); ++at) {
      if (std::string(":,[").find(text[at - 1]) == std::string::npos || std::isdigit(text[at]) == 0) continue;
      const std::size_t end = text.find_first_of(",]}", at);
      for (const char* other : {"6.7e33", "-1", "1.5", "99999999999999999999", "true", "\"1\""}) {
        std::string changed = text;
        changed.replace(at, end - at, other);
        EXPECT_THROW(read_part(with(changed), "file"), UsageError) << changed;
        ++tried;
      }
    }
  }
  EXPECT_GT(tried, 300u);
}

TEST(Network, WhatDoesNotFitTogetherIsRefused) {
  const Network good = model_of(4).network;
  EXPECT_NO_THROW(check(good));
  const std::vector<void (*)(Network&)> changes{
      [](Network& n) { n.stages[0].terms[0].value = 1; },
      [](Network& n) { n.stages[0].terms[0].weights = 99; },
      [](Network& n) {
        n.stages[0].terms[0].in = {3, 1, 1};
      },
      [](Network& n) { n.stages[0].terms[0].geometry.stride_h = 2; },
      [](Network& n) { n.stages[0].bias = 99; },
      [](Network& n) { n.stages[0].sum = {}; },
      [](Network& n) { n.stages[0].activation.windows[0] = 1000000; },
      [](Network& n) { n.stages[0].activation.windows.pop_back(); },
      [](Network& n) { n.stages[0].activation.truncate = 60; },
      [](Network& n) { n.stages[0].activation.places = 1; },
      [](Network& n) { n.stages.clear(); },
      [](Network& n) { n.numbers.bits = 64; },
      [](Network& n) { n.stages.back().terms[0].kind = static_cast<Term::Kind>(9); }};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    Network bad = good;
    changes[i](bad);
    EXPECT_THROW(check(bad), UsageError) << i;
  }
}

TEST(SplitModel, WhatCannotBeSplitIsNamed) {
  testing::SplitModelBuilder b({1, 6});
  b.dense(4), b.op(nn::kTanh, {b.last});
  const nn::Graph graph = b.done("tanh").graph;
  try {
    split_model(graph, {32, 10});
    FAIL() << "Tanh was split";
  } catch (const UsageError& e) {
    EXPECT_NE(std::string(e.what()).find("Tanh"), std::string::npos) << e.what();
    EXPECT_NE(std::string(e.what()).find("Relu"), std::string::npos) << e.what();
  }
  EXPECT_THROW(split_model(testing::split_models()[0].graph, {60, 10}), UsageError);
  EXPECT_THROW(split_model(testing::split_models()[0].graph, {20, 10}), UsageError);
}

}  // namespace
}  // namespace tacit::seco
