#include "tacit/ot/silent/ferret.h"

#include <gtest/gtest.h>

#include <random>

#include "tacit/ot/gf128.h"
#include "tacit/ot/silent/half_tree.h"
#include "tacit/ot/silent/place_check.h"
#include "tacit/ot/silent/supply.h"
#include "tacit/ot/testing/pair.h"

namespace tacit::ot {
namespace {

using testing::fault;
using testing::Ran;
const Bytes kSession(16, std::byte{5});
// Far from hard, but small: several iterations within a test.
constexpr Lpn kSmall{6, 300, 1000};

Ran run(Threat threat, const std::vector<std::size_t>& sizes, bool random, const Lpn& lpn = kSmall,
        Isa isa = detect_isa()) {
  return testing::run(
      [&](Party&, Channel& peer) { return std::make_unique<FerretSender>(peer, kSession, threat, isa, lpn); },
      [&](Party&, Channel& peer) {
        return std::make_unique<FerretReceiver>(peer, kSession, threat, isa, lpn);
      },
      sizes, random);
}

class FerretTest : public ::testing::TestWithParam<Threat> {};

TEST_P(FerretTest, IsCorrelatedTransferForAnySizes) {
  const std::vector<std::size_t> sizes{1, 63, 64, 65, 4000, 511, 512, 513, 30000, 1};
  for (bool random : {false, true}) EXPECT_EQ(fault(run(GetParam(), sizes, random)), "");
}

TEST_P(FerretTest, CostsWhatIsDeclared) {
  for (bool random : {false, true})
    for (std::size_t n : {1, 513, 16000, 50000})
      EXPECT_EQ(run(GetParam(), {n}, random).total,
                ferret_setup(GetParam(), kSmall) + ferret_transfers(GetParam(), n, random, kSmall))
          << n;
}

TEST_P(FerretTest, EveryInstructionSetTransfers) {
  for (Isa isa : runnable_isas()) EXPECT_EQ(fault(run(GetParam(), {700, 20000}, false, kSmall, isa)), "");
}

TEST_P(FerretTest, WithItsRealParameters) {
  EXPECT_EQ(fault(run(GetParam(), {1000, 300000}, true, kFerretLpn)), "");
}

INSTANTIATE_TEST_SUITE_P(Threats, FerretTest, ::testing::Values(Threat::SemiHonest, Threat::Malicious));

TEST(Ferret, ParametersWithstandTheAttackTheyAreMadeFor) {
  EXPECT_GE(attack_bits(kFerretLpn), 160);
  EXPECT_GE(attack_bits(kReducedLpn), 134);
  EXPECT_LT(attack_bits(kSmall), 128);
  for (const Lpn& lpn : {kFerretLpn, kReducedLpn})  // an iteration and the next one's beginning
    EXPECT_LT(ferret_transfers(Threat::Malicious, 10'000'000, true, lpn).bytes, 500'000u);
}

TEST(Ferret, ADeltaThatIsDrawnAlready) {
  const Block delta{0x1234567890abcdef | 1, 0xfedcba9876543210};
  const Ran ran = testing::run(
      [&](Party&, Channel& peer) {
        return std::make_unique<FerretSender>(peer, kSession, Threat::SemiHonest, detect_isa(), kSmall,
                                              &delta);
      },
      [&](Party&, Channel& peer) {
        return std::make_unique<FerretReceiver>(peer, kSession, Threat::SemiHonest, detect_isa(), kSmall);
      },
      {3000, 70}, false);
  EXPECT_EQ(fault(ran), "");
  EXPECT_EQ(ran.delta, delta);
}

TEST(Ferret, RandomChoicesAreBalanced) {
  const Ran ran = run(Threat::SemiHonest, {64000}, true);
  std::size_t ones = 0;
  for (Word w : ran.batches[0].choices) ones += static_cast<std::size_t>(std::popcount(w));
  EXPECT_NEAR(static_cast<double>(ones), 32000, 1000);
}

TEST(HalfTree, AllLeavesButOne) {
  for (Isa isa : runnable_isas())
    for (std::size_t depth : {1, 2, 5, 9}) {
      const HalfTree trees(isa);
      std::mt19937_64 rng(depth);
      const Block delta{rng() | 1, rng()};
      std::vector<Block> keys(depth), received(depth), corrections(depth - 1), w(std::size_t{1} << depth),
          v = w;
      Word place = 0;
      for (std::size_t l = 0; l < depth; ++l) {
        keys[l] = {rng() & ~Word{1}, rng()};
        const Word choice = rng() & 1;
        received[l] = keys[l] ^ (delta & choice);
        place |= (choice ^ 1) << l;
      }
      trees.grow(3, delta, keys, corrections, w);
      EXPECT_EQ(trees.grow_punctured(3, received, corrections, v), place);
      Block sum;
      for (std::size_t i = 0; i < w.size(); ++i) {
        EXPECT_EQ(v[i], w[i] ^ (delta & Word{i == place})) << depth << " " << i;
        sum = sum ^ w[i];
      }
      EXPECT_EQ(sum, delta);
      std::vector<Block> other(w.size());
      trees.grow(4, delta, keys, corrections, other);
      EXPECT_EQ(other == w, depth == 1) << "another number, another tree";
    }
}

TEST(PlaceCheck, WeighsLeavesAndPlacesAlike) {
  const Isa isa = detect_isa();
  const OtKernels& k = ot_kernels(isa);
  const PlaceCheck check(Bytes(16, std::byte{1}), 4, 3, isa);
  const std::vector<Word> places{0, 15, 6};
  const Block delta{12345, 678};
  std::vector<Block> w(48), v;
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = {i * i, ~i};
  v = w;
  for (std::size_t t = 0; t < 3; ++t) v[16 * t + places[t]] = v[16 * t + places[t]] ^ delta;
  EXPECT_EQ(check.sum(v), check.sum(w) ^ multiply(k, check.at(places), delta));
  v[20].low ^= 1;
  EXPECT_NE(check.sum(v), check.sum(w) ^ multiply(k, check.at(places), delta));
}

TEST(Ferret, TreesThatDoNotFitAreCaught) {
  for (const std::string tag : {"ot.silent.trees", "ot.silent.answer"})
    EXPECT_THROW(
        testing::run_with_cheat(
            party_id(0), tag,
            [](ByteSpan frame) {
              for (std::size_t i = 0; i < frame.size(); i += 16) frame[i] ^= std::byte{2};
            },
            [&](Channel& peer, std::span<Block> keys) {
              FerretSender(peer, kSession, Threat::Malicious, detect_isa(), kSmall).send_random(keys);
            },
            [&](Channel& peer, std::span<Block> out) {
              std::vector<Word> choices((out.size() + 63) / 64);
              FerretReceiver(peer, kSession, Threat::Malicious, detect_isa(), kSmall)
                  .receive_random(choices, out);
            }),
        CheatDetected)
        << tag;
}

TEST(Ferret, ACheatInTheFirstTransfersIsCaught) {
  EXPECT_THROW(testing::run_with_cheat(
                   party_id(1), "ot.columns",
                   [](ByteSpan frame) {
                     for (std::size_t i = 0; i < frame.size() / 2; i += 64) frame[i] ^= std::byte{2};
                   },
                   [&](Channel& peer, std::span<Block>) {
                     FerretSender(peer, kSession, Threat::Malicious, detect_isa(), kSmall);
                   },
                   [&](Channel& peer, std::span<Block>) {
                     FerretReceiver(peer, kSession, Threat::Malicious, detect_isa(), kSmall);
                   }),
               CheatDetected);
}

TEST(Ferret, OtherSizesAreAPeersError) {
  EXPECT_THROW(testing::run_with_cheat(
                   party_id(1), "", {},
                   [&](Channel& peer, std::span<Block> keys) {
                     FerretSender(peer, kSession, Threat::SemiHonest, detect_isa(), kSmall).send(keys);
                   },
                   [&](Channel& peer, std::span<Block> out) {
                     FerretReceiver(peer, kSession, Threat::SemiHonest, detect_isa(), kSmall)
                         .receive(std::vector<Word>(1), out.first(60));
                   }),
               PeerError);
}

}  // namespace
}  // namespace tacit::ot
