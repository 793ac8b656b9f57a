#include "tacit/ot/transfer/transfer.h"

#include <gtest/gtest.h>

#include <random>

#include "tacit/ot/source.h"
#include "tacit/party/testing/session.h"

namespace tacit::ot {
namespace {

using tacit::testing::run_parties;

std::vector<Word> noise(std::size_t n, std::uint64_t seed) {
  std::mt19937_64 rng(seed);
  std::vector<Word> out(n);
  for (Word& w : out) w = rng();
  return out;
}
std::size_t packed(std::size_t n) { return (n + 63) / 64; }
Word bit(const std::vector<Word>& bits, std::size_t i) { return bits[i / 64] >> (i % 64) & 1; }

struct Case {
  Source source;
  Threat threat;
};
class TransferTest : public ::testing::TestWithParam<Case> {
 protected:
  /// Both ends' parts; gives what they cost beyond set-up.
  Traffic run(const std::function<void(TransferSender&)>& send,
              const std::function<void(TransferReceiver&)>& receive) {
    const Bytes session(16, std::byte{2});
    const auto [source, threat] = GetParam();
    Traffic before[2];
    const std::vector<Cost> costs = run_parties(2, [&, source = source, threat = threat](Party& p) {
      Channel& peer = p.to(p.next());
      auto note = [&] { before[index(p.id())] = {p.meter().total().payload, p.meter().total().rounds}; };
      if (p.id() == party_id(0)) {
        const auto made = make_sender(source, threat, peer, session, detect_isa());
        TransferSender sender(*made, peer, detect_isa());
        std::vector<Block> first(1);
        made->send(first);
        note();
        send(sender);
      } else {
        const auto made = make_receiver(source, threat, peer, session, detect_isa());
        TransferReceiver receiver(*made, peer, detect_isa());
        std::vector<Block> first(1);
        made->receive(std::vector<Word>(1), first);
        note();
        receive(receiver);
      }
    });
    return {costs[0].payload + costs[1].payload - before[0].bytes - before[1].bytes,
            std::max(costs[0].rounds, costs[1].rounds) - std::max(before[0].rounds, before[1].rounds)};
  }
  static constexpr std::size_t kSizes[] = {1, 63, 64, 65, 3000};
};

TEST_P(TransferTest, RandomBlocksAndWords) {
  for (const std::size_t n : kSizes) {
    const std::vector<Word> choices = noise(packed(n), n);
    std::vector<Block> zeros(n), ones(n), out(n);
    std::vector<Word> zero_words(n), one_words(n), out_words(n);
    run(
        [&](TransferSender& s) {
          s.random(zeros, ones);
          s.random(zero_words, one_words);
        },
        [&](TransferReceiver& r) {
          r.random(choices, out);
          r.random(choices, out_words);
        });
    for (std::size_t i = 0; i < n; ++i) {
      ASSERT_EQ(out[i], bit(choices, i) != 0 ? ones[i] : zeros[i]) << n << " " << i;
      ASSERT_EQ(out_words[i], bit(choices, i) != 0 ? one_words[i] : zero_words[i]);
      const bool still_correlated = (zeros[i] ^ ones[i]) == (zeros[0] ^ ones[0]);
      ASSERT_EQ(still_correlated, i == 0);
    }
  }
}

TEST_P(TransferTest, CorrelatedWordsAreSharesOfProducts) {
  for (const std::size_t n : kSizes) {
    const std::vector<Word> choices = noise(packed(n), n), differences = noise(n, 7);
    std::vector<Word> shares(n), out(n);
    run([&](TransferSender& s) { s.correlated(differences, shares); },
        [&](TransferReceiver& r) { r.correlated(choices, out); });
    for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(out[i] - shares[i], bit(choices, i) * differences[i]);
  }
}

TEST_P(TransferTest, ChosenWords) {
  for (const std::size_t n : kSizes) {
    const std::vector<Word> choices = noise(packed(n), n), zeros = noise(n, 7), ones = noise(n, 8);
    std::vector<Word> out(n);
    run([&](TransferSender& s) { s.chosen(zeros, ones); },
        [&](TransferReceiver& r) { r.chosen(choices, out); });
    for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(out[i], bit(choices, i) != 0 ? ones[i] : zeros[i]);
  }
}

TEST_P(TransferTest, BitsAreSharesOfAnds) {
  for (const std::size_t n : kSizes) {
    const std::size_t w = packed(n);
    const std::vector<Word> choices = noise(w, n), differences = noise(w, 7);
    std::vector<Word> shares(w), out(w), zeros(w), ones(w), random_choices(w), random_out(w);
    run(
        [&](TransferSender& s) {
          s.correlated_bits(n, differences, shares);
          s.random_bits(n, zeros, ones);
        },
        [&](TransferReceiver& r) {
          r.correlated_bits(n, choices, out);
          r.random_bits(n, random_choices, random_out);
        });
    for (std::size_t i = 0; i < n; ++i) {
      ASSERT_EQ(bit(out, i) ^ bit(shares, i), bit(choices, i) & bit(differences, i)) << n << " " << i;
      ASSERT_EQ(bit(random_out, i) ^ bit(zeros, i), bit(random_choices, i) & (bit(zeros, i) ^ bit(ones, i)));
    }
    for (std::size_t i = n; i < 64 * w; ++i)
      for (const auto* bits : {&zeros, &ones, &random_choices, &random_out, &shares, &out})
        EXPECT_EQ(bit(*bits, i), 0u);
  }
}

TEST_P(TransferTest, CostsWhatIsDeclaredBeyondTheSource) {
  for (const std::size_t n : {65, 300000}) {
    const std::vector<Word> choices = noise(packed(n), n), zeros = noise(n, 7), ones = noise(n, 8);
    std::vector<Word> a(n), b(n), out(n), bits(packed(n)), out_bits(packed(n));
    const Traffic source = run([&](TransferSender& s) { s.random(std::span(a), std::span(b)); },
                               [&](TransferReceiver& r) { r.random(choices, std::span(out)); });
    EXPECT_EQ(run([&](TransferSender& s) { s.correlated(zeros, a); },
                  [&](TransferReceiver& r) { r.correlated(choices, out); }),
              source + correlated_words_traffic(n));
    EXPECT_EQ(run([&](TransferSender& s) { s.chosen(zeros, ones); },
                  [&](TransferReceiver& r) { r.chosen(choices, out); }),
              source + chosen_words_traffic(n));
    EXPECT_EQ(run([&](TransferSender& s) { s.correlated_bits(n, choices, bits); },
                  [&](TransferReceiver& r) { r.correlated_bits(n, choices, out_bits); }),
              source + correlated_bits_traffic(n));
  }
}

INSTANTIATE_TEST_SUITE_P(Sources, TransferTest,
                         ::testing::Values(Case{Source::Iknp, Threat::SemiHonest},
                                           Case{Source::SoftSpoken4, Threat::Malicious},
                                           Case{Source::FerretReduced, Threat::SemiHonest}));

}  // namespace
}  // namespace tacit::ot
