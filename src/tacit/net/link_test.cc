// Two ends of a link in one thread, over connections that are cut at any point and replaced.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <deque>
#include <random>

#include "tacit/base/error.h"
#include "tacit/net/testing/town.h"
#include "tacit/net/transports/tls_link.h"
#include "tacit/net/transports/tls_meeting.h"

namespace tacit {
namespace {

using namespace std::chrono_literals;
using testing::pattern;
using Clock = std::chrono::steady_clock;
using State = TlsMeeting::State;

const TlsContext& context() {
  static const Identity identity = Identity::generate();
  static const TlsContext c(identity);
  return c;
}

/// Two ends of a connection, the first of which dialled, when hands are shaken.
std::pair<TlsMeeting, TlsMeeting> shaken() {
  int ends[2];
  ensure(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0,
         "a pair of sockets");
  FileDescriptor one(ends[0]), other(ends[1]);
  SslHandle client = context().client(ends[0], "one"), server = context().server(ends[1]);
  const auto limit = Clock::now() + 1h;
  std::pair<TlsMeeting, TlsMeeting> out{TlsMeeting(std::move(one), std::move(client), limit),
                                        TlsMeeting(std::move(other), std::move(server), limit)};
  while (out.first.state() != State::Shaken || out.second.state() != State::Shaken) {
    out.first.advance();
    out.second.advance();
  }
  return out;
}

/// What the one who dialled says has reached the other.
void greet(std::pair<TlsMeeting, TlsMeeting>& meeting, const LinkHello& hello) {
  meeting.first.say(hello);
  meeting.first.advance();
  meeting.second.hear();
  meeting.second.advance();
  ASSERT_EQ(meeting.second.state(), State::Met);
}

LinkHello first_hello() {
  LinkHello hello;
  hello.link = LinkHello::fresh_id();
  hello.lasting = true;
  return hello;
}

struct Ends {
  std::unique_ptr<TlsLink> one, other;  ///< the one dialled
  unsigned lost = 0;

  explicit Ends(std::chrono::milliseconds patience = 1h) {
    auto meeting = shaken();
    const LinkHello hello = first_hello();
    greet(meeting, hello);
    const auto terms = [&](const char* peer, const char* self, bool dialled) {
      return TlsLink::Terms{peer, self, patience, hello, dialled, [this] { ++lost; }};
    };
    other = std::make_unique<TlsLink>(meeting.second.stream(), terms("one", "other", false));
    meeting.first.advance();
    ensure(meeting.first.state() == State::Met, "an answer");
    one = std::make_unique<TlsLink>(meeting.first.stream(), terms("other", "one", true));
  }
  /// As the door of each would. `stop`: at what point the new connection breaks already, if at all.
  void mend(unsigned stop = 9) {
    auto meeting = shaken();
    if (stop == 0) return;
    const LinkHello hello = one->depart();
    if (stop == 1) return;
    greet(meeting, hello);
    if (stop == 2) return;
    EXPECT_EQ(other->resume(meeting.second.stream(), meeting.second.hello()), std::nullopt);
    if (stop == 3) return meeting.first.stream()->hang_up();
    meeting.first.advance();
    ASSERT_EQ(meeting.first.state(), State::Met);
    EXPECT_EQ(one->resume(meeting.first.stream(), meeting.first.hello()), std::nullopt);
  }
};

/// What is sent one way and what has come of it.
struct Way {
  TlsLink &from, &to;
  std::uint64_t seed;
  std::size_t sent = 0, received = 0;
  std::optional<FrameHead> head{};
  Bytes body{};
  std::size_t filled = 0;
  std::optional<Bytes> lent{};

  static std::size_t size_of(std::uint64_t seed) {
    const std::uint64_t kind = seed % 7;
    return kind < 3 ? seed % 100 : kind < 5 ? seed % 20000 : kind < 6 ? 16384 : seed % 2000000;
  }
  std::uint64_t seed_of(std::size_t i) const { return (seed + i) * 0x9e3779b97f4a7c15u >> 8; }
  FrameHead head_of(std::size_t i) const {
    FrameHead h;
    h.size = size_of(seed_of(i));
    h.depth = static_cast<std::uint32_t>(i);
    h.tag = "step." + std::to_string(i % 5);
    return h;
  }
  void send(bool lends) {
    if (lent) return;
    const FrameHead h = head_of(sent);
    Bytes bytes = pattern(h.size, seed_of(sent));
    ++sent;
    if (!lends) {
      from.write(h, bytes);
      return;
    }
    lent = std::move(bytes);
    from.lend(h, *lent);
  }
  void push() {
    bool moved = false;
    if (!lent) return from.flush();
    if (!from.push(moved)) return;
    from.keep();
    lent.reset();
  }
  void receive() {
    if (!head) {
      head = to.poll_head();
      if (!head) return;
      const FrameHead due = head_of(received);
      ASSERT_EQ(head->tag, due.tag);
      ASSERT_EQ(head->depth, due.depth);
      ASSERT_EQ(head->size, due.size);
      body.resize(head->size);
      filled = 0;
    }
    if (!to.poll_body(body, filled)) return;
    ASSERT_TRUE(body == pattern(head->size, seed_of(received))) << received;
    head.reset();
    ++received;
  }
};

TEST(TlsLink, EveryFrameArrivesOnceInOrderOverManyCuts) {
  std::mt19937_64 rng(7);
  Ends ends;
  Way ways[] = {{*ends.one, *ends.other, 1}, {*ends.other, *ends.one, 1000000}};
  constexpr std::size_t kFrames = 150;
  unsigned cuts = 0;
  bool down = false;
  while (ways[0].received < kFrames || ways[1].received < kFrames) {
    Way& way = ways[rng() % 2];
    switch (rng() % 12) {
      case 0:
      case 1:
        if (way.sent < kFrames) way.send(rng() % 2 == 0);
        break;
      case 2:
      case 3:
      case 4:
        way.push();
        break;
      case 5:
        (rng() % 2 == 0 ? ends.one : ends.other)->attend(Clock::now());
        break;
      case 6:
        if (rng() % 3 != 0) break;
        for (TlsLink* l : {ends.one.get(), ends.other.get()})
          if (const auto s = l->stream(); s && rng() % 2 == 0) s->hang_up();
        ++cuts;
        break;
      default:
        way.receive();
    }
    if (HasFatalFailure()) return;
    down = !ends.one->stream() || !ends.other->stream();
    if (down && rng() % 4 == 0) ends.mend(rng() % 2 == 0 ? 9 : static_cast<unsigned>(rng() % 4));
    ASSERT_EQ(ends.one->ended(), std::nullopt);
    ASSERT_EQ(ends.other->ended(), std::nullopt);
  }
  EXPECT_GT(cuts, 20u);
  EXPECT_GT(ends.lost, 20u);
  EXPECT_GT(ends.one->mended(), 5u);
}

TEST(TlsLink, WithoutAcknowledgementsWritingStopsAndMemoryIsBounded) {
  auto meeting = shaken();
  const LinkHello hello = first_hello();
  greet(meeting, hello);
  TlsLink link(meeting.second.stream(), {"peer", "self", 1h, hello, false, {}});
  meeting.first.advance();
  TlsStream& peer = *meeting.first.stream();
  FrameHead head;
  head.size = 30 << 20;
  link.write(head, Bytes(head.size));
  Bytes room(1 << 20);
  std::size_t came = 0;
  const auto take_all = [&] {
    for (std::size_t before = came + 1; before != came;) {
      before = came;
      for (std::size_t got = 0; peer.read(room, got) == TlsStream::Outcome::Done;) came += got;
      link.flush();
    }
  };
  take_all();
  EXPECT_LE(came, 17u << 20);
  EXPECT_GT(came, 15u << 20);
  EXPECT_EQ(link.wants(), POLLIN);
  // It says that it has the first half of that, and gets as much more.
  Bytes beat;
  const std::uint64_t have = 8 << 20;
  append_record(beat, RecordHead::Kind::Beat, bytes_of(std::span<const std::uint64_t>(&have, 1)));
  ASSERT_EQ(peer.write(beat, false), TlsStream::Outcome::Done);
  link.attend(Clock::now());
  const std::size_t before = came;
  take_all();
  EXPECT_NEAR(static_cast<double>(came - before), static_cast<double>(have), 1 << 20);
  EXPECT_EQ(link.ended(), std::nullopt);
}

TEST(TlsLink, AcknowledgingWhatWasNotSentEndsIt) {
  auto meeting = shaken();
  const LinkHello hello = first_hello();
  greet(meeting, hello);
  TlsLink link(meeting.second.stream(), {"peer", "self", 1h, hello, false, {}});
  Bytes beat;
  const std::uint64_t have = 1;
  append_record(beat, RecordHead::Kind::Beat, bytes_of(std::span<const std::uint64_t>(&have, 1)));
  ASSERT_EQ(meeting.first.stream()->write(beat, false), TlsStream::Outcome::Done);
  link.attend(Clock::now());
  EXPECT_EQ(link.ended(), "acknowledged what it was not sent");
  EXPECT_TRUE(link.failed());
}

TEST(TlsLink, ClaimsOutOfRangeAreFailuresOfWhoMakesThem) {
  for (const std::uint64_t claim : {std::uint64_t{0}, std::uint64_t{1000}, std::uint64_t{1} << 60}) {
    Ends ends;
    FrameHead head;
    head.size = 100;
    ends.other->write(head, Bytes(100));
    ends.one->attend(Clock::now());
    ends.one->write(head, Bytes(100));  // and with it, that 148 bytes have come
    ends.other->attend(Clock::now());
    auto meeting = shaken();
    LinkHello hello = ends.one->depart();
    EXPECT_EQ(hello.received, 148u);
    hello.received = claim;
    greet(meeting, hello);
    EXPECT_NE(ends.other->resume(meeting.second.stream(), meeting.second.hello()), std::nullopt);
    EXPECT_EQ(ends.other->ended(),
              fmt::format("claims to have received {} bytes, where it acknowledged 148 of the "
                          "148 that were sent",
                          claim));
    EXPECT_TRUE(ends.other->failed());
    EXPECT_FALSE(ends.other->told());
  }
}

TEST(TlsLink, OnlyItsOwnNextConnectionIsTaken) {
  Ends ends;
  ends.mend();
  const auto first = ends.other->stream();
  auto meeting = shaken();
  LinkHello hello = first_hello();
  hello.turn = 5;
  greet(meeting, hello);
  EXPECT_EQ(ends.other->resume(meeting.second.stream(), hello), "your connection is of another session");
  hello = ends.one->depart();
  LinkHello old = hello;
  old.turn = 1;  // as on the connection that stands
  EXPECT_EQ(ends.other->resume(meeting.second.stream(), old),
            "a later connection has taken your connection's place");
  old = hello;
  old.lasting = false;
  EXPECT_NE(ends.other->resume(meeting.second.stream(), old), std::nullopt);
  EXPECT_EQ(ends.other->stream(), first);
  EXPECT_EQ(ends.other->ended(), std::nullopt);
  EXPECT_EQ(ends.other->resume(meeting.second.stream(), hello), std::nullopt);
  // An answer to an earlier attempt is none to this.
  old = hello;
  --old.turn;
  EXPECT_NE(ends.one->resume(meeting.first.stream(), old), std::nullopt);
  EXPECT_EQ(ends.one->stream(), nullptr);
}

TEST(TlsLink, ACutThatOutlastsThePatienceEndsItAndASilenceInTimeIsWorthAnotherTry) {
  Ends ends(5s);
  const auto now = Clock::now();
  EXPECT_FALSE(ends.one->wants_mending(now + 2s));
  EXPECT_TRUE(ends.one->wants_mending(now + 4s));
  EXPECT_TRUE(ends.one->stream());  // and nothing is lost by it
  ends.other->stream()->hang_up();
  ends.one->attend(Clock::now());
  EXPECT_FALSE(ends.one->stream());
  EXPECT_TRUE(ends.one->wants_mending(Clock::now()));
  EXPECT_EQ(ends.one->ended(), std::nullopt);
  ends.one->attend(Clock::now() + 4s);
  EXPECT_EQ(ends.one->ended(), std::nullopt);
  ends.one->attend(Clock::now() + 4600ms);
  EXPECT_EQ(ends.one->ended(),
            "closed the connection without a word (killed, or crashed?), and its link to one did "
            "not come back within 5.0 s");
  EXPECT_TRUE(ends.one->failed());
  EXPECT_FALSE(ends.one->wants_mending(Clock::now()));
}

TEST(TlsLink, ConnectionsThatBreakBeforeTheyProveGoodGainNoTime) {
  Ends ends(5s);
  ends.one->stream()->hang_up();
  ends.other->attend(Clock::now());
  ends.mend(3);  // the other end has taken it, and hears no more
  EXPECT_TRUE(ends.other->stream());
  ends.other->attend(Clock::now() + 4600ms);
  ASSERT_TRUE(ends.other->ended());
  EXPECT_NE(ends.other->ended()->find("did not come back"), std::string::npos) << *ends.other->ended();
}

TEST(TlsLink, AGoodbyeOrAnEndOnPurposeIsNotMended) {
  {
    Ends ends;
    ends.one->part("the disk is full", Clock::now() + 1s);
    ends.other->attend(Clock::now());
    EXPECT_EQ(ends.other->ended(), "the disk is full");
    EXPECT_TRUE(ends.other->told());
    EXPECT_FALSE(ends.other->wants_mending(Clock::now() + 1h));
  }
  {
    Ends ends;
    ends.one->stream()->close_in_order();
    ends.other->attend(Clock::now());
    EXPECT_EQ(ends.other->ended(), "closed the connection without a word (killed, or crashed?)");
  }
  {
    Ends ends;
    ends.one->stream()->hang_up();
    ends.other->attend(Clock::now());
    EXPECT_EQ(ends.other->ended(), std::nullopt);
    ends.other->give_up();
    EXPECT_EQ(ends.other->ended(), "closed the connection without a word (killed, or crashed?)");
    EXPECT_TRUE(ends.other->cut());
  }
}

}  // namespace
}  // namespace tacit
