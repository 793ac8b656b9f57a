// The TLS transport between threads of one process: sizes, order, identities, and what is seen when a peer
// goes.
#include "tacit/net/transports/tls.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <thread>

#include "tacit/base/error.h"
#include "tacit/net/channel.h"
#include "tacit/net/testing/town.h"
#include "tacit/net/transports/link_hello.h"
#include "tacit/net/transports/link_record.h"

namespace tacit {
namespace {

using namespace std::chrono_literals;
using testing::pattern;
using testing::run_each;
using testing::Town;

/// Drives a raw client's handshake, as a hostile peer would; true when it is done.
bool handshake_step(ssl_st* ssl) {
  if (SSL_do_handshake(ssl) == 1) return true;
  std::this_thread::yield();
  return false;
}
void write_all(ssl_st* ssl, ByteView bytes) {
  std::size_t wrote = 0;
  while (SSL_write_ex(ssl, bytes.data(), bytes.size(), &wrote) != 1) std::this_thread::yield();
}

/// What a peer that means to last says first.
Bytes greeting() {
  LinkHello hello;
  hello.lasting = true;
  std::array<std::byte, LinkHello::kWireSize> bytes;
  encode(hello, bytes);
  Bytes out;
  append_record(out, RecordHead::Kind::Hello, bytes);
  return out;
}

TEST(Tls, FramesOfEverySizeArriveInOrder) {
  Town town(2);
  const std::size_t sizes[] = {0, 1, 47, 16335, 16336, 16337, 16384, 100000, 3000000, 5};
  const auto errors = run_each(2, [&](std::size_t i) {
    const auto t = town.join(i);
    Meter m;
    Channel c(*t, m, party_id(1 - i), "peer");
    // Both send all before either receives: nobody may wait for the other's receive.
    for (std::size_t k = 0; k < std::size(sizes); ++k)
      c.send("f" + std::to_string(k), pattern(sizes[k], k + 100 * i));
    for (std::size_t k = 0; k < std::size(sizes); ++k) {
      Bytes in(sizes[k]);
      c.receive("f" + std::to_string(k), ByteSpan(in));
      ASSERT_TRUE(in == pattern(sizes[k], k + 100 * (1 - i))) << sizes[k];
    }
    c.send("end", ByteView{});
    c.receive("end", ByteSpan{});
  });
  EXPECT_EQ(errors[0], "");
  EXPECT_EQ(errors[1], "");
}

TEST(Tls, StepsMoveLargeMessagesBothWaysAtOnce) {
  Town town(3);
  const auto errors = run_each(3, [&](std::size_t i) {
    const auto t = town.join(i);
    Meter m;
    std::vector<Channel> c;
    for (std::size_t p = 0; p < 3; ++p) c.emplace_back(*t, m, party_id(p), "party" + std::to_string(p));
    const std::size_t next = (i + 1) % 3, prev = (i + 2) % 3;
    for (std::size_t size : {std::size_t{8}, std::size_t{8000000}, std::size_t{0}, std::size_t{70000}}) {
      const Bytes out = pattern(size, i);
      Bytes from_next(size), from_prev(size);
      const Outgoing sends[] = {c[next].outgoing("x", out), c[prev].outgoing("x", out)};
      const Incoming takes[] = {c[prev].incoming("x", from_prev), c[next].incoming("x", from_next)};
      t->transfer(sends, takes);
      ASSERT_TRUE(from_next == pattern(size, next));
      ASSERT_TRUE(from_prev == pattern(size, prev));
    }
  });
  for (const auto& e : errors) EXPECT_EQ(e, "");
}

TEST(Tls, AnUnknownKeyIsRefusedAndNamedOnBothSides) {
  Town town(2);
  town.identities[1] = Identity::generate();  // not the key in the roster
  const auto errors = run_each(2, [&](std::size_t i) {
    if (i == 0) {
      town.join(0, 5s, 3s);
      return;
    }
    TlsSettings s;
    s.roster = town.roster;
    s.roster[1].key = town.identities[1].public_key();  // its own job file says so
    s.parties = 2;
    s.self = party_id(1);
    s.connect_patience = 3s;
    s.listener = std::move(town.listeners[1]);
    const auto t = TlsTransport::connect(std::move(s), town.identities[1]);
    t->receive_head(party_id(0));
  });
  EXPECT_NE(errors[0].find("calls itself party1"), std::string::npos) << errors[0];
  EXPECT_NE(errors[1].find("your key is not in this party's job file"), std::string::npos) << errors[1];
}

TEST(Tls, AServerWithAnotherKeyIsRefused) {
  Town town(2);
  const Identity other = Identity::generate();
  const auto errors = run_each(2, [&](std::size_t i) {
    if (i == 1) {
      TlsSettings s;
      s.roster = town.roster;
      s.roster[0].key = other.public_key();
      s.parties = 2;
      s.self = party_id(1);
      s.connect_patience = 2s;
      s.listener = std::move(town.listeners[1]);
      TlsTransport::connect(std::move(s), town.identities[1]);
    } else {
      town.join(0, 5s, 1s)->receive_head(party_id(1));
    }
  });
  EXPECT_NE(errors[1].find("but the job names " + to_string(other.public_key())), std::string::npos)
      << errors[1];
  EXPECT_NE(errors[0].find("party1"), std::string::npos) << errors[0];
}

TEST(Tls, APartyThatIsNotThereIsNamedInTime) {
  Town town(2);
  const std::uint16_t port = local_port(town.listeners[0]);
  town.listeners[0] = FileDescriptor();  // nobody listens
  try {
    town.join(1, 5s, 300ms);
    FAIL() << "connected to nobody";
  } catch (const PeerError& e) {
    EXPECT_EQ(e.peer, "party0");
    EXPECT_NE(std::string(e.what()).find("does not answer at 127.0.0.1:" + std::to_string(port)),
              std::string::npos)
        << e.what();
  }
}

TEST(Tls, APartyThatTakesTheConnectionAndSaysNothingIsNamedWithinThePatience) {
  Town town(2);  // the first listens, and stands still
  const auto begin = std::chrono::steady_clock::now();
  const auto errors = run_each(1, [&](std::size_t) { town.join(1, 300ms); });
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
  EXPECT_NE(errors[0].find("the TLS handshake with party0"), std::string::npos) << errors[0];
  EXPECT_NE(errors[0].find("no answer"), std::string::npos) << errors[0];
}

/// Takes a connection as whoever stands before a party does, and drops it.
void drop_one(const FileDescriptor& listener) {
  pollfd p{listener.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&p, 1, 10'000), 1);
  FileDescriptor(::accept(listener.get(), nullptr, nullptr));
}

TEST(Tls, AHandshakeThatIsCutIsBegunAgain) {
  Town town(2);
  const Bytes sent = pattern(1000, 1);
  Bytes got(sent.size());
  const auto errors = run_each(2, [&](std::size_t i) {
    if (i == 0)
      for (int times = 0; times < 3; ++times) drop_one(town.listeners[0]);
    const auto t = town.join(i);
    Meter m;
    Channel c(*t, m, party_id(1 - i), "peer");
    if (i == 1) c.send("one", sent);
    if (i == 0) c.receive("one", ByteSpan(got));
    t->goodbye("");
  });
  EXPECT_EQ(errors[0] + errors[1], "");
  EXPECT_EQ(got, sent);
}

TEST(Tls, APartyThatBreaksOffTheHandshakeAndDoesNotComeBackIsNamedWithinThePatience) {
  Town town(2);
  const auto errors = run_each(2, [&](std::size_t i) {
    if (i == 1) {
      town.join(1, 300ms, 60s);
    } else {
      drop_one(town.listeners[0]);
      town.listeners[0] = FileDescriptor();
    }
  });
  EXPECT_NE(errors[1].find("party0 at 127.0.0.1"), std::string::npos) << errors[1];
  EXPECT_NE(errors[1].find("broke off the TLS handshake"), std::string::npos) << errors[1];
}

TEST(Tls, SomebodyWhoFallsSilentIsFoundWithinThePatience) {
  // A peer that completes the handshake and then does nothing at all, not even heartbeats.
  Town town(2);
  std::atomic<bool> done{false};
  const auto errors = run_each(2, [&](std::size_t i) {
    if (i == 0) {
      const auto t = town.join(0, 600ms);
      const auto begin = std::chrono::steady_clock::now();
      try {
        t->receive_head(party_id(1));
      } catch (...) {
        done = true;
        EXPECT_LE(std::chrono::steady_clock::now() - begin, 600ms + 400ms);  // the deadline that is promised
        throw;
      }
    } else {
      const FileDescriptor fd = try_dial(town.roster[0].address, 1s);
      const TlsContext context(town.identities[1]);
      const SslHandle ssl = context.client(fd.get(), "party1");
      while (!handshake_step(ssl.get())) {}
      write_all(ssl.get(), greeting());
      while (!done) std::this_thread::yield();
    }
  });
  EXPECT_EQ(errors[0], "party1 has been silent for 0.6 s");
}

TEST(Tls, AHeartbeatKeepsASlowPartyAlive) {
  Town town(2);
  const auto errors = run_each(2, [&](std::size_t i) {
    const auto t = town.join(i, 400ms);
    Meter m;
    Channel c(*t, m, party_id(1 - i), "peer");
    if (i == 1) {
      // Computes for several times the patience without touching the transport.
      const auto begin = std::chrono::steady_clock::now();
      volatile std::uint64_t x = 1;
      while (std::chrono::steady_clock::now() - begin < 1500ms) x = x * 3;
      c.send("late", ByteView{});
      c.receive("thanks", ByteSpan{});
    } else {
      c.receive("late", ByteSpan{});
      c.send("thanks", ByteView{});
    }
  });
  EXPECT_EQ(errors[0], "");
  EXPECT_EQ(errors[1], "");
}

TEST(Tls, TheThirdPartyHearsTheFirstCause) {
  Town town(3);
  const auto errors = run_each(3, [&](std::size_t i) {
    const auto t = town.join(i);
    if (i == 0) {
      t->goodbye("the disk is full");
      return;
    }
    try {
      t->receive_head(party_id(3 - i));  // both wait for one another, and for neither does anything come
    } catch (const std::exception& e) {
      t->goodbye(e.what());
      throw;
    }
  });
  EXPECT_EQ(errors[1], "party0 gave up: the disk is full");
  EXPECT_TRUE(errors[2].starts_with("party0 gave up: the disk is full")) << errors[2];
}

TEST(Tls, WhatIsNoFrameEndsTheLink) {
  Town town(2);
  const auto errors = run_each(2, [&](std::size_t i) {
    if (i == 0) {
      const auto t = town.join(0);
      t->receive_head(party_id(1));
    } else {
      const FileDescriptor fd = try_dial(town.roster[0].address, 1s);
      const TlsContext context(town.identities[1]);
      const SslHandle ssl = context.client(fd.get(), "party1");
      Bytes nonsense(FrameHead::kWireSize, std::byte{0xff});
      while (!handshake_step(ssl.get())) {}
      write_all(ssl.get(), greeting());
      write_all(ssl.get(), nonsense);
    }
  });
  EXPECT_EQ(errors[0], "party1 sent something that is no frame");
}

TEST(Address, IsParsedStrictly) {
  EXPECT_EQ(parse_address("10.0.0.7:7100"), (Address{"10.0.0.7", 7100}));
  EXPECT_EQ(parse_address("[::1]:80"), (Address{"::1", 80}));
  EXPECT_EQ(to_string(Address{"::1", 80}), "[::1]:80");
  for (const char* bad : {"", "host", "host:", ":80", "host:99999", "host:80x", "::1:80"})
    EXPECT_THROW(parse_address(bad), UsageError) << bad;
}

}  // namespace
}  // namespace tacit
