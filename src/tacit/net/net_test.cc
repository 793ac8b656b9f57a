// Frames, counting, liveness, channels, and the transports that wrap others.
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "tacit/base/error.h"
#include "tacit/net/channel.h"
#include "tacit/net/liveness.h"
#include "tacit/net/transports/memory.h"
#include "tacit/net/wrap/fault.h"
#include "tacit/net/wrap/shape.h"
#include "tacit/net/wrap/trace.h"

namespace tacit {
namespace {

using namespace std::chrono_literals;

TEST(Frame, HeadsComeBackAndNothingElseIsAHead) {
  FrameHead head;
  head.depth = 77;
  head.size = 123456789;
  head.tag = "compare.open";
  std::array<std::byte, FrameHead::kWireSize> bytes;
  encode(head, bytes);
  FrameHead back;
  ASSERT_TRUE(decode(bytes, back));
  EXPECT_EQ(back.depth, head.depth);
  EXPECT_EQ(back.size, head.size);
  EXPECT_EQ(back.tag, head.tag);
  auto broken = [&](std::size_t at, int value) {
    auto copy = bytes;
    copy[at] = static_cast<std::byte>(value);
    return !decode(copy, back);
  };
  EXPECT_TRUE(broken(12, 33));  // tag length
  EXPECT_TRUE(broken(13, 1));   // reserved
  EXPECT_TRUE(broken(15, 1));
  EXPECT_TRUE(broken(7, 255));  // a size that no frame has
  EXPECT_TRUE(broken(47, 1));   // after the tag
  head.size = std::uint64_t{1} << 60;
  EXPECT_ANY_THROW(encode(head, bytes));
}

TEST(Meter, RoundsAreTheLongestChainAndScopesTakeTheirPart) {
  Meter m;
  {
    const Meter::Scope outer(m, "train");
    EXPECT_EQ(m.stamp(100, 48), 1u);
    EXPECT_EQ(m.stamp(50, 48), 1u);  // not having received, a second message is as deep
    m.saw(1);
    const Meter::Scope inner(m, "forward");
    EXPECT_EQ(m.stamp(10, 48), 2u);
    m.saw(2);
  }
  EXPECT_EQ(m.total().payload, 160u);
  EXPECT_EQ(m.total().overhead, 144u);
  EXPECT_EQ(m.total().rounds, 2u);
  EXPECT_EQ(m.scopes().at("train").payload, 160u);
  EXPECT_EQ(m.scopes().at("train/forward").payload, 10u);
  EXPECT_EQ(m.scopes().at("train/forward").rounds, 1u);
}

TEST(Meter, BranchesCostTheDeepestOfThem) {
  Meter m;
  m.saw(5);
  {
    Meter::Branches branches(m);
    m.saw(8);
    branches.next();
    EXPECT_EQ(m.depth(), 5u);
    m.saw(7);
    branches.next();
  }
  EXPECT_EQ(m.depth(), 8u);
}

TEST(Liveness, SilenceIsFoundWithinThePatienceAndPausesOfOnesOwnAreForgiven) {
  const Liveness::Time start{};
  Liveness l(5s, start);
  EXPECT_FALSE(l.heartbeat_due(start + 400ms));
  EXPECT_TRUE(l.heartbeat_due(start + 500ms));
  l.sent(start + 500ms);
  EXPECT_FALSE(l.heartbeat_due(start + 900ms));
  auto at = start;
  for (; at < start + 4400ms; at += l.tick()) EXPECT_FALSE(l.silent(at));
  l.heard(at);
  const auto heard = at;
  while (!l.silent(at)) at += l.tick();
  EXPECT_GE(at - heard, 4s);
  EXPECT_LE(at - heard, 5s);
  // This process stood still for a minute: the peer gets a new chance before it counts as silent.
  Liveness paused(5s, start);
  EXPECT_FALSE(paused.silent(start + 60s));
  EXPECT_TRUE(paused.silent(start + 62500ms) || paused.silent(start + 64s));
}

TEST(Channel, WrongTagsAndSizesNameThePeerAndTheStep) {
  auto wires = memory_transports({"alpha", "beta"}, 5s);
  Meter ma, mb;
  Channel to_beta(*wires[0], ma, party_id(1), "beta"), to_alpha(*wires[1], mb, party_id(0), "alpha");
  const std::vector<Word> words{1, 2, 3};
  std::vector<Word> in(3);
  to_beta.send("one", std::span<const Word>(words));
  to_alpha.receive("one", std::span<Word>(in));
  EXPECT_EQ(in, words);
  to_beta.send("two", std::span<const Word>(words));
  try {
    to_alpha.receive("three", std::span<Word>(in));
    FAIL() << "a wrong tag was taken";
  } catch (const PeerError& e) {
    EXPECT_EQ(e.peer, "alpha");
    EXPECT_STREQ(e.what(), "alpha is out of step: it sent 'two' where 'three' was due");
  }
  std::vector<Word> small(2);
  try {
    to_alpha.receive("two", std::span<Word>(small));
    FAIL() << "a wrong size was taken";
  } catch (const PeerError& e) {
    EXPECT_STREQ(e.what(), "alpha sent 24 bytes at step 'two' where 16 were due");
  }
  EXPECT_THROW(to_alpha.receive_up_to("two", 23), PeerError);
  EXPECT_EQ(to_alpha.receive_up_to("two", 24).size(), 24u);
}

TEST(MemoryTransport, ThoseWhoLeaveAreNamedWithTheFirstCause) {
  auto wires = memory_transports({"alpha", "beta", "gamma"}, 5s);
  wires[0]->goodbye("the disk is full");
  try {
    wires[2]->receive_head(party_id(1));
    FAIL() << "waited for somebody who cannot go on";
  } catch (const PeerError& e) { EXPECT_STREQ(e.what(), "alpha gave up: the disk is full"); }
  auto quiet = memory_transports({"alpha", "beta"}, 20ms);
  EXPECT_THROW(quiet[0]->receive_head(party_id(1)), PeerError);
}

TEST(Transport, AFirstCauseIsToldWithWhoSawIt) {
  const std::vector<std::string> names{"alpha", "beta", "gamma", "north"};
  const PeerError own = gave_up(names, "alpha", "the disk is full");
  EXPECT_EQ(own.peer, "alpha");
  EXPECT_STREQ(own.what(), "alpha gave up: the disk is full");
  const PeerError told = gave_up(names, "alpha", "beta has been silent for 5.0 s");
  EXPECT_EQ(told.peer, "beta");
  EXPECT_STREQ(told.what(), "beta has been silent for 5.0 s, says alpha") << "the link, by both its ends";
  const PeerError passed_on = gave_up(names, "gamma", told.what());
  EXPECT_EQ(passed_on.peer, "beta");
  EXPECT_STREQ(passed_on.what(), told.what()) << "gamma saw nothing";
}

TEST(Wrap, FaultsAreSeenByTheReceiver) {
  for (Fault fault : {Fault::WrongTag, Fault::WrongSize, Fault::Drop, Fault::Repeat, Fault::Swap}) {
    auto wires = memory_transports({"alpha", "beta"}, 50ms);
    const auto bad = faulty(*wires[0], party_id(1), 1, fault);
    Meter ma, mb;
    Channel to_beta(*bad, ma, party_id(1), "beta"), to_alpha(*wires[1], mb, party_id(0), "alpha");
    std::vector<Word> in(1);
    for (Word i = 0; i < 3; ++i) to_beta.send("step" + std::to_string(i), std::span<const Word>(&i, 1));
    to_alpha.receive("step0", std::span<Word>(in));
    if (fault == Fault::Repeat) {
      to_alpha.receive("step1", std::span<Word>(in));
      EXPECT_THROW(to_alpha.receive("step2", std::span<Word>(in)), PeerError);
    } else {
      EXPECT_THROW(to_alpha.receive("step1", std::span<Word>(in)), PeerError);
    }
  }
}

TEST(Wrap, ShapedLinksDeliverTheSameLaterThanTheyMay) {
  EXPECT_THROW(parse_link("fast"), UsageError);
  EXPECT_THROW(parse_link("40ms"), UsageError);
  EXPECT_THROW(parse_link("40,100"), UsageError);
  const LinkShape shape = parse_link("40ms,100mbit");
  EXPECT_DOUBLE_EQ(shape.one_way_seconds, 0.02);
  EXPECT_DOUBLE_EQ(shape.bytes_per_second, 12.5e6);
  auto wires = memory_transports({"alpha", "beta"}, 5s);
  const auto a = shaped(*wires[0], {0.01, 1e6}), b = shaped(*wires[1], {0.01, 1e6});
  Meter ma, mb;
  Channel to_beta(*a, ma, party_id(1), "beta"), to_alpha(*b, mb, party_id(0), "alpha");
  std::vector<Word> out(2500, 7), in(2500);  // 20 kB at 1 MB/s: 20 ms and 10 ms of delay
  const auto begin = std::chrono::steady_clock::now();
  to_beta.send("x", std::span<const Word>(out));
  to_alpha.receive("x", std::span<Word>(in));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 30ms);
  EXPECT_EQ(in, out);
}

TEST(Wrap, TracesTellWhatWasSent) {
  auto wires = memory_transports({"alpha", "beta"}, 5s);
  Trace trace;
  const auto t = traced(*wires[0], trace);
  Meter m;
  Channel to_beta(*t, m, party_id(1), "beta");
  const Word w = 5;
  to_beta.send("a", std::span<const Word>(&w, 1));
  to_beta.send("b", std::span<const Word>(&w, 1));
  ASSERT_EQ(trace.frames.size(), 2u);
  EXPECT_EQ(trace.frames[1].tag, "b");
  EXPECT_EQ(trace.frames[1].size, 8u);
}

}  // namespace
}  // namespace tacit
