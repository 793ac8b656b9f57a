#include "tacit/ot/extension/softspoken.h"

#include <gtest/gtest.h>

#include "tacit/ot/source.h"
#include "tacit/ot/testing/pair.h"

namespace tacit::ot {
namespace {

using tacit::testing::run_parties;
using testing::fault;
using testing::Ran;
const Bytes kSession(16, std::byte{3});

Ran run(unsigned bits, Threat threat, const std::vector<std::size_t>& sizes, bool random = false,
        Isa isa = detect_isa()) {
  return testing::run(
      [&](Party&, Channel& peer) {
        return std::make_unique<SoftSpokenSender>(peer, kSession, Groups{bits}, threat, isa);
      },
      [&](Party&, Channel& peer) {
        return std::make_unique<SoftSpokenReceiver>(peer, kSession, Groups{bits}, threat, isa);
      },
      sizes, random);
}

struct Case {
  unsigned bits;
  Threat threat;
};
class SoftSpokenTest : public ::testing::TestWithParam<Case> {};

TEST_P(SoftSpokenTest, IsCorrelatedTransferForAnySizes) {
  const auto [bits, threat] = GetParam();
  EXPECT_EQ(fault(run(bits, threat, {1, 63, 64, 65, 128, 129, 4096, 4097, 1})), "");
  EXPECT_EQ(fault(run(bits, threat, {1000, 20000, 77}, true)), "");
}

TEST_P(SoftSpokenTest, CostsWhatIsDeclared) {
  const auto [bits, threat] = GetParam();
  for (std::size_t n : {1, 65, 4096, 40000}) {
    const Ran ran = run(bits, threat, {n});
    EXPECT_EQ(ran.total,
              softspoken_setup(Groups{bits}, threat) + softspoken_transfers(Groups{bits}, threat, n));
  }
}

INSTANTIATE_TEST_SUITE_P(Fields, SoftSpokenTest, [] {
  std::vector<Case> all;
  for (unsigned bits = 1; bits <= 8; ++bits)
    for (Threat threat : {Threat::SemiHonest, Threat::Malicious}) all.push_back({bits, threat});
  return ::testing::ValuesIn(all);
}());

TEST(SoftSpoken, ManyTransfersAreCheckedInSeveralBatches) {
  const std::size_t n = kCheckedTransfers + 5000;
  const Ran ran = run(4, Threat::Malicious, {n, 3});
  EXPECT_EQ(fault(ran), "");
  const Ran one = run(4, Threat::Malicious, {n});
  EXPECT_EQ(one.total, softspoken_setup(Groups{4}, Threat::Malicious) +
                           softspoken_transfers(Groups{4}, Threat::Malicious, n));
}

TEST(SoftSpoken, EveryInstructionSetTransfers) {
  for (Isa isa : runnable_isas())
    for (unsigned bits : {1u, 4u, 5u})
      EXPECT_EQ(fault(run(bits, Threat::Malicious, {200, 5}, false, isa)), "");
}

TEST(SoftSpoken, AtLeastFourBytesATransferWithGroupsOfFour) {
  EXPECT_EQ(softspoken_transfers(Groups{4}, Threat::SemiHonest, 1 << 20).bytes, std::uint64_t{4} << 20);
  EXPECT_EQ(softspoken_transfers(Groups{1}, Threat::SemiHonest, 1 << 20).bytes, std::uint64_t{16} << 20);
}

TEST(SoftSpoken, TwoSessionsShareNoKey) {
  const Ran a = run(2, Threat::SemiHonest, {500}), b = run(2, Threat::SemiHonest, {500});
  EXPECT_NE(a.delta, b.delta);
  for (std::size_t i = 0; i < 500; ++i) EXPECT_NE(a.batches[0].keys[i], b.batches[0].keys[i]);
}

TEST(SoftSpoken, SeveralSendersMayHaveOneDelta) {
  const Block delta{0x1234567890abcdef | 1, 0xfedcba9876543210}, even{2, 1};
  Ran ran[2];
  for (std::size_t i = 0; i < 2; ++i) {
    const Bytes session(16, std::byte(i));
    ran[i] = testing::run(
        [&](Party&, Channel& peer) {
          return make_sender(Source::SoftSpoken6, Threat::SemiHonest, peer, session, detect_isa(), &delta);
        },
        [&](Party&, Channel& peer) {
          return make_receiver(Source::SoftSpoken6, Threat::SemiHonest, peer, session, detect_isa());
        },
        {500, 70}, false);
    EXPECT_EQ(fault(ran[i]), "");
    EXPECT_EQ(ran[i].delta, delta);
  }
  for (std::size_t i = 0; i < 500; ++i) EXPECT_NE(ran[0].batches[0].keys[i], ran[1].batches[0].keys[i]);
  run_parties(2, [&](Party& p) {
    Channel& peer = p.to(p.next());
    EXPECT_THROW(make_sender(Source::SoftSpoken4, Threat::SemiHonest, peer, kSession, detect_isa(), &even),
                 UsageError);
  });
}

TEST(SoftSpoken, BothWaysOnOnePair) {
  const std::size_t n = 300000;
  std::vector<Block> keys[2], out[2], deltas(2);
  std::vector<Word> choices((n + 63) / 64, 0x123456789abcdef);
  run_parties(2, [&](Party& p) {
    const std::size_t me = index(p.id()), other = 1 - me;
    Channel& peer = p.to(party_id(other));
    keys[me].resize(n);
    out[me].resize(n);
    std::unique_ptr<SoftSpokenSender> sender;
    std::unique_ptr<SoftSpokenReceiver> receiver;
    for (std::size_t turn = 0; turn < 2; ++turn) {
      const Bytes session(16, static_cast<std::byte>(turn));
      if (turn == me)
        sender =
            std::make_unique<SoftSpokenSender>(peer, session, Groups{4}, Threat::Malicious, detect_isa());
      else
        receiver =
            std::make_unique<SoftSpokenReceiver>(peer, session, Groups{4}, Threat::Malicious, detect_isa());
    }
    deltas[me] = sender->delta();
    for (std::size_t turn = 0; turn < 2; ++turn) {
      if (turn == me)
        sender->send(keys[me]);
      else
        receiver->receive(choices, out[me]);
    }
  });
  for (std::size_t me = 0; me < 2; ++me)
    for (std::size_t i = 0; i < n; ++i)
      ASSERT_EQ(out[1 - me][i], keys[me][i] ^ (deltas[me] & (choices[i / 64] >> (i % 64) & 1)));
}

/// Transfers against a receiver whose frames of one tag are changed.
void against_cheat(unsigned bits, const std::string& tag, const testing::Change& change) {
  testing::run_with_cheat(
      party_id(1), tag, change,
      [&](Channel& peer, std::span<Block> keys) {
        SoftSpokenSender(peer, kSession, Groups{bits}, Threat::Malicious, detect_isa()).send(keys);
      },
      [&](Channel& peer, std::span<Block> out) {
        SoftSpokenReceiver(peer, kSession, Groups{bits}, Threat::Malicious, detect_isa())
            .receive(std::vector<Word>((out.size() + 63) / 64, 5), out);
      });
}

TEST(SoftSpoken, AReceiverWhoseChoicesDifferBetweenColumnsIsCaught) {
  // Wrong in every group, so that no guess of Δ can save it.
  for (unsigned bits : {1u, 2u, 4u, 8u})
    EXPECT_THROW(against_cheat(bits, "ot.columns",
                               [](ByteSpan frame) {
                                 // Another choice for one transfer of the first 16 rows of 128, in half of
                                 // them.
                                 for (std::size_t i = 0; i < frame.size() / 2; i += 128)
                                   frame[i] ^= std::byte{1};
                               }),
                 CheatDetected)
        << bits;
}

TEST(SoftSpoken, SeedTreesThatDoNotFitAreCaught) {
  for (unsigned bits : {2u, 4u, 7u})
    EXPECT_THROW(against_cheat(bits, "ot.trees",
                               [](ByteSpan frame) {
                                 for (std::size_t i = 0; i < frame.size() - 32; i += 16)
                                   frame[i] ^= std::byte{1};
                               }),
                 CheatDetected)
        << bits;
}

TEST(SoftSpoken, AWrongProofIsCaught) {
  EXPECT_THROW(against_cheat(4, "ot.check.proof", [](ByteSpan frame) { frame[17] ^= std::byte{4}; }),
               CheatDetected);
  EXPECT_THROW(against_cheat(4, "ot.check.proof", [](ByteSpan frame) { frame[1026] ^= std::byte{4}; }),
               CheatDetected);
}

TEST(SoftSpoken, OtherSizesAreAPeersError) {
  EXPECT_THROW(run_parties(2,
                           [&](Party& p) {
                             std::vector<Block> blocks(p.id() == party_id(0) ? 1000 : 100);
                             if (p.id() == party_id(0)) {
                               SoftSpokenSender(p.to(party_id(1)), kSession, Groups{2}, Threat::SemiHonest,
                                                detect_isa())
                                   .send(blocks);
                             } else {
                               SoftSpokenReceiver(p.to(party_id(0)), kSession, Groups{2}, Threat::SemiHonest,
                                                  detect_isa())
                                   .receive(std::vector<Word>(2), blocks);
                             }
                           }),
               PeerError);
}

}  // namespace
}  // namespace tacit::ot
