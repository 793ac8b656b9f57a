// Links between parties whose connections break, over sockets: what is sent arrives all the same, once and in
// order; and who does not come back is named in time.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <latch>
#include <mutex>
#include <random>
#include <thread>

#include "tacit/base/error.h"
#include "tacit/net/channel.h"
#include "tacit/net/testing/town.h"
#include "tacit/net/transports/tls_meeting.h"

namespace tacit {
namespace {

using namespace std::chrono_literals;
using testing::CuttingProxy;
using testing::pattern;
using testing::run_each;
using testing::Town;
using How = CuttingProxy::How;
using Clock = std::chrono::steady_clock;
using State = TlsMeeting::State;

/// Cuts at random places: some in the middle of handshakes, most later; never the first handshake.
std::function<CuttingProxy::Cut(std::size_t)> at_random(std::uint64_t seed, std::size_t most) {
  return [rng = std::mt19937_64(seed), most](std::size_t connection) mutable {
    const bool early = connection > 0 && rng() % 3 == 0;
    const std::size_t after = early ? 1 + rng() % 4000 : 20000 + rng() % most;
    return CuttingProxy::Cut{after, rng() % 2 == 0 ? How::Close : How::Reset};
  };
}

/// The progress that endpoints tell.
struct Told {
  std::mutex mutex;
  std::vector<std::string> lines;
  void operator()(const std::string& what) {
    std::lock_guard lock(mutex);
    lines.push_back(what);
  }
  bool holds(const std::string& what) {
    std::lock_guard lock(mutex);
    return std::find(lines.begin(), lines.end(), what) != lines.end();
  }
};

std::size_t size_of(std::uint64_t number) {
  switch (number % 8) {
    case 0:
      return 0;
    case 1:
      return 16384;
    case 2:
      return number % 3000000;
    case 3:
      return number % 300000;
    default:
      return number % 1000;
  }
}

TEST(Reconnect, NothingIsLostOrDoubledWhateverIsCut) {
  Town town(3);
  Told told;
  town.progress = [&](std::size_t, const std::string& what) { told(what); };
  for (const auto& [from, to] : {std::pair{1, 0}, {2, 0}, {2, 1}})
    town.between(from, to).plan(at_random(10 * from + to, 3000000));
  constexpr std::size_t kRounds = 24;
  const auto errors = run_each(3, [&](std::size_t i) {
    const auto t = town.join(i, 20s);
    Meter m;
    std::vector<Channel> c;
    for (std::size_t p = 0; p < 3; ++p) c.emplace_back(*t, m, party_id(p), "party" + std::to_string(p));
    const std::size_t next = (i + 1) % 3, prev = (i + 2) % 3;
    std::mt19937_64 common(5);  // the same at all
    for (std::size_t round = 0; round < kRounds; ++round) {
      const std::string tag = "round" + std::to_string(round);
      const std::size_t size = size_of(common()), kind = common() % 3;
      const auto from = [&](std::size_t p, std::size_t to) {
        return pattern(size, 1000 * round + 10 * p + to);
      };
      Bytes of_next(size), of_prev(size);
      if (kind == 0) {  // to both neighbours, and from both, at once
        const Bytes to_next = from(i, next), to_prev = from(i, prev);
        const Outgoing out[] = {c[next].outgoing(tag, to_next), c[prev].outgoing(tag, to_prev)};
        const Incoming in[] = {c[prev].incoming(tag, of_prev), c[next].incoming(tag, of_next)};
        t->transfer(out, in);
      } else if (kind == 1) {  // on in the ring, so that nobody reads where it writes
        const Bytes to_next = from(i, next);
        const Outgoing out[] = {c[next].outgoing(tag, to_next)};
        const Incoming in[] = {c[prev].incoming(tag, of_prev)};
        t->transfer(out, in);
        of_next = from(next, i);
      } else {
        c[next].send(tag, from(i, next));
        c[prev].send(tag, from(i, prev));
        c[next].receive(tag, ByteSpan(of_next));
        c[prev].receive(tag, ByteSpan(of_prev));
      }
      ASSERT_TRUE(of_prev == from(prev, i)) << round;
      ASSERT_TRUE(of_next == from(next, i)) << round;
    }
  });
  for (const auto& e : errors) EXPECT_EQ(e, "");
  std::size_t connections = 0;
  for (const auto& [pair, proxy] : town.proxies) connections += proxy->connections();
  EXPECT_GT(connections, 10u);
  EXPECT_TRUE(told.holds("the link to party0 was re-established"));
}

TEST(Reconnect, ALargeTransferGoesOnWhereItWasCut) {
  Town town(2);
  town.between(1, 0).plan([](std::size_t n) { return CuttingProxy::Cut{5000000 + 1000003 * n, How::Reset}; });
  constexpr std::size_t kSize = 40 << 20;
  const auto errors = run_each(2, [&](std::size_t i) {
    const auto t = town.join(i, 20s);
    Meter m;
    Channel c(*t, m, party_id(1 - i), "peer");
    const Bytes mine = pattern(kSize, i);
    Bytes theirs(kSize);
    const Outgoing out[] = {c.outgoing("much", mine)};
    const Incoming in[] = {c.incoming("much", theirs)};
    t->transfer(out, in);
    EXPECT_TRUE(theirs == pattern(kSize, 1 - i));
    // What is sent again is none of the protocol's.
    EXPECT_EQ(m.total().payload, kSize);
    EXPECT_EQ(m.total().rounds, 1u);
    EXPECT_EQ(m.total().overhead, FrameHead::kWireSize);
    town.between(1, 0).spare();
    for (const char* tag : {"end", "bye"}) {
      c.send(tag, ByteView());
      c.receive(tag, ByteSpan());
    }
  });
  EXPECT_EQ(errors[0], "");
  EXPECT_EQ(errors[1], "");
  EXPECT_GE(town.between(1, 0).connections(), 5u);
}

// The connection is cut at places all over the last message, its acknowledgement and the goodbyes.
TEST(Reconnect, WhatIsSaidLastArrivesThoughItsConnectionIsCut) {
  constexpr std::size_t kSize = 60000;
  for (std::size_t cut = 0; cut < 12; ++cut) {
    SCOPED_TRACE(cut);
    Town town(2);
    CuttingProxy& line = town.between(1, 0);
    line.plan([](std::size_t n) {
      return n == 0 ? CuttingProxy::Cut{20000 + kSize, How::Close} : CuttingProxy::Cut{};
    });
    const auto errors = run_each(2, [&](std::size_t i) {
      const auto t = town.join(i, 20s);
      Meter m;
      Channel c(*t, m, party_id(1 - i), "peer");
      // Both speak before, so that the handshake is over; what is said moves the place of the cut.
      const Bytes before = pattern(8000 + 700 * cut, i);
      Bytes theirs(before.size());
      c.send("before", ByteView(before));
      c.receive("before", ByteSpan(theirs));
      if (i == 1) return c.send("last", ByteView(pattern(kSize, 7)));
      Bytes last(kSize);
      c.receive("last", ByteSpan(last));
      EXPECT_TRUE(last == pattern(kSize, 7));
    });
    EXPECT_EQ(errors[0], "");
    EXPECT_EQ(errors[1], "");
  }
}

TEST(Reconnect, AConnectionThatFallsSilentIsReplacedInTime) {
  Town town(2);
  CuttingProxy& line = town.between(1, 0);
  const auto errors = run_each(2, [&](std::size_t i) {
    const auto t = town.join(i, 4s);
    Meter m;
    Channel c(*t, m, party_id(1 - i), "peer");
    c.send("one", ByteView());
    c.receive("one", ByteSpan());
    if (i == 1) line.cut(How::Silence);
    const Bytes mine = pattern(100000, i);
    Bytes theirs(mine.size());
    c.send("two", ByteView(mine));
    c.receive("two", ByteSpan(theirs));
    EXPECT_TRUE(theirs == pattern(mine.size(), 1 - i));
    for (const char* tag : {"end", "bye"}) {
      c.send(tag, ByteView());
      c.receive(tag, ByteSpan());
    }
  });
  EXPECT_EQ(errors[0], "");
  EXPECT_EQ(errors[1], "");
  EXPECT_GE(line.connections(), 2u);
}

TEST(Reconnect, ACutThatOutlastsThePatienceNamesThePeerAndTheLink) {
  Town town(2);
  CuttingProxy& line = town.between(1, 0);
  std::latch met(2), failed(2);
  const auto errors = run_each(2, [&](std::size_t i) {
    const auto t = town.join(i, 1s);
    met.arrive_and_wait();
    if (i == 1) {
      line.turn_away(true);
      line.cut(How::Close);
    }
    const auto since = Clock::now();
    try {
      t->receive_head(party_id(1 - i));
    } catch (...) {
      EXPECT_LE(Clock::now() - since, 1s + 500ms);
      EXPECT_GE(Clock::now() - since, 500ms);  // it was tried to mend it
      failed.arrive_and_wait();  // whoever leaves listens no more, and the other would know at once
      throw;
    }
    failed.count_down();
  });
  EXPECT_EQ(errors[0],
            "party1 closed the connection without a word (killed, or crashed?), and its link to party0 did "
            "not come back within 1.0 s");
  EXPECT_EQ(errors[1],
            "party0 closed the connection without a word (killed, or crashed?), and its link to party1 did "
            "not come back within 1.0 s");
}

/// A party by hand: what it says and when it goes is the test's to decide.
struct ByHand {
  TlsContext context;
  explicit ByHand(const Identity& identity) : context(identity) {}

  std::unique_ptr<TlsMeeting> dial(const Address& to, const std::string& claim, const LinkHello& hello) {
    FileDescriptor fd = try_dial(to, 1s);
    SslHandle ssl = context.client(fd.get(), claim);
    auto meeting = std::make_unique<TlsMeeting>(std::move(fd), std::move(ssl), Clock::now() + 10s);
    EXPECT_EQ(meeting->wait(), State::Shaken);
    meeting->say(hello);
    meeting->wait();
    return meeting;
  }
};

LinkHello first_hello() {
  LinkHello hello;
  hello.link = LinkHello::fresh_id();
  hello.lasting = true;
  return hello;
}

TEST(Reconnect, AKilledPeerIsToldAtOnceByThoseWhomItDialled) {
  Town town(2);
  ByHand peer(town.identities[1]);
  std::latch met(2);
  const auto errors = run_each(2, [&](std::size_t i) {
    if (i == 1) {
      const auto meeting = peer.dial(town.roster[0].address, "party1", first_hello());
      EXPECT_EQ(meeting->state(), State::Met);
      EXPECT_TRUE(
          FileDescriptor(::accept(town.listeners[1].get(), nullptr, nullptr)));  // the other looks for it
      town.listeners[1] = FileDescriptor();
      met.arrive_and_wait();
      return;  // and with it the connection breaks
    }
    const auto t = town.join(0, 30s);
    met.arrive_and_wait();
    const auto since = Clock::now();
    try {
      t->receive_head(party_id(1));
    } catch (...) {
      EXPECT_LE(Clock::now() - since, 5s);
      throw;
    }
  });
  EXPECT_EQ(errors[0], "party1 closed the connection without a word (killed, or crashed?)");
}

TEST(Reconnect, AKilledPeerIsToldAtOnceByThoseWhoDialledIt) {
  Town town(2);
  ByHand peer(town.identities[0]);
  const auto errors = run_each(2, [&](std::size_t i) {
    if (i == 0) {
      FileDescriptor fd(::accept(town.listeners[0].get(), nullptr, nullptr));
      prepare_stream(fd);
      SslHandle ssl = peer.context.server(fd.get());
      TlsMeeting meeting(std::move(fd), std::move(ssl), Clock::now() + 10s);
      EXPECT_EQ(meeting.wait(), State::Shaken);
      meeting.hear();
      EXPECT_EQ(meeting.wait(), State::Met);
      std::array<std::byte, LinkHello::kWireSize> bytes;
      encode(meeting.hello(), bytes);
      Bytes answer;
      append_record(answer, RecordHead::Kind::Hello, bytes);
      EXPECT_EQ(meeting.stream()->write(answer, false), TlsStream::Outcome::Done);
      town.listeners[0] = FileDescriptor();
      return;
    }
    const auto t = town.join(1, 30s);
    const auto since = Clock::now();
    try {
      t->receive_head(party_id(0));
    } catch (...) {
      EXPECT_LE(Clock::now() - since, 5s);
      throw;
    }
  });
  EXPECT_EQ(errors[1], "party0 closed the connection without a word (killed, or crashed?)");
}

TEST(Reconnect, ThePartyThatLeftSaysWhyToWhomeverDialsAgain) {
  Town town(2);
  CuttingProxy& line = town.between(1, 0);
  std::latch met(2), cut(2), heard(2);
  const auto errors = run_each(2, [&](std::size_t i) {
    const auto t = town.join(i, 20s);
    met.arrive_and_wait();
    if (i == 0) {
      line.turn_away(true);
      line.cut(How::Reset);
      t->goodbye("the disk is full");  // which nobody hears
      line.turn_away(false);
      cut.arrive_and_wait();
      heard.arrive_and_wait();
      return;
    }
    cut.arrive_and_wait();
    try {
      t->receive_head(party_id(0));
    } catch (...) {
      heard.arrive_and_wait();
      throw;
    }
    heard.count_down();
  });
  EXPECT_EQ(errors[0], "");
  EXPECT_EQ(errors[1], "party0 gave up: the disk is full");
}

TEST(Reconnect, LiarsAndStrangersMendNothing) {
  Town town(2);
  ByHand peer(town.identities[1]);
  std::latch done(2);
  const auto errors = run_each(2, [&](std::size_t i) {
    if (i == 0) {
      const auto t = town.join(0, 20s);
      t->send(party_id(1), {1, 100, "news"}, Bytes(100));
      try {
        t->receive_head(party_id(1));
      } catch (...) {
        done.arrive_and_wait();
        throw;
      }
      done.count_down();
      return;
    }
    const Address to = town.roster[0].address;
    const LinkHello first = first_hello();
    auto stands = peer.dial(to, "party1", first);
    EXPECT_EQ(stands->state(), State::Met);
    const auto turned_away = [&](LinkHello hello, const std::string& reason) {
      const auto meeting = peer.dial(to, "party1", hello);
      EXPECT_EQ(meeting->state(), State::Farewell);
      EXPECT_EQ(meeting->reason(), reason);
    };
    turned_away(first_hello(), "a session with you is under way: start all parties again");
    LinkHello other = first_hello();
    other.turn = 1;
    turned_away(other, "your connection is of another session");
    LinkHello next = first;
    next.turn = 1;
    auto second = peer.dial(to, "party1", next);
    EXPECT_EQ(second->state(), State::Met);
    EXPECT_EQ(second->hello().turn, 1u);
    turned_away(next, "a later connection has taken your connection's place");  // the same once more
    {
      // With a key that is not party1's.
      const Identity stranger = Identity::generate();
      ByHand mallory(stranger);
      const auto meeting = mallory.dial(to, "party1", next);
      EXPECT_EQ(meeting->state(), State::Farewell);
      EXPECT_EQ(meeting->reason(), "your key is not in this party's job file");
    }
    // It has been sent what was sent before; let it come, so that there is something to lie about.
    const auto limit = Clock::now() + 10s;
    Bytes room(1000);
    for (std::size_t all = 0, got = 0; all < 148 && Clock::now() < limit; all += got) {
      second->stream()->read(room, got);
      std::this_thread::yield();
    }
    next.turn = 2;
    next.received = 1000000;
    turned_away(next, "you claim to have received what you were not sent");
    done.arrive_and_wait();
  });
  EXPECT_EQ(
      errors[0],
      "party1 claims to have received 1000000 bytes, where it acknowledged 0 of the 148 that were sent");
  EXPECT_EQ(errors[1], "");
}

TEST(Reconnect, AnOwnersLinkIsNotMended) {
  Town town(1, 1);
  CuttingProxy& line = town.between(1, 0);
  const auto errors = run_each(2, [&](std::size_t i) {
    const auto t = town.join(i, 5s);
    if (i == 0) t->wait_for(party_id(1), 10s);
    Meter m;
    Channel c(*t, m, party_id(1 - i), "peer");
    c.send("one", ByteView());
    c.receive("one", ByteSpan());
    if (i == 1) line.cut(How::Close);
    try {
      t->receive_head(party_id(1 - i));
    } catch (const PeerError& e) {
      EXPECT_TRUE(e.cut);
      throw;
    }
  });
  for (std::size_t i = 0; i < 2; ++i)
    EXPECT_EQ(errors[i],
              fmt::format("party{} closed the connection without a word (killed, or crashed?)", 1 - i));
  EXPECT_EQ(line.connections(), 1u);
}

}  // namespace
}  // namespace tacit
