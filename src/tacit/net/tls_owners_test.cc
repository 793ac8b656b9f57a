// Owners at a party over TLS: they come, go and come again, whenever they like; whom nobody knew may come
// later.
#include <gtest/gtest.h>

#include <atomic>
#include <latch>

#include "tacit/base/error.h"
#include "tacit/net/channel.h"
#include "tacit/net/testing/town.h"
#include "tacit/net/transports/tls.h"

namespace tacit {
namespace {

using namespace std::chrono_literals;
using testing::run_each;
using testing::Town;

TEST(TlsOwners, OwnersComeAndGoAndComeAgain) {
  Town town(2, 1);
  const auto errors = run_each(3, [&](std::size_t i) {
    if (i < 2) {
      const auto t = town.join(i);
      Meter m;
      Channel owner(*t, m, party_id(2), "owner");
      for (int visit = 0; visit < 2; ++visit) {
        t->wait_for(party_id(2), 10s);
        owner.receive("visit" + std::to_string(visit), ByteSpan{});
        owner.send("seen", ByteView{});
        // The link has to end before the next visit.
        try {
          t->receive_head(party_id(2));
        } catch (const PeerError&) {}
      }
      Channel other(*t, m, party_id(1 - i), "other");
      other.send("end", ByteView{});
      other.receive("end", ByteSpan{});
    } else {
      for (int visit = 0; visit < 2; ++visit) {
        const auto t = town.join(2);
        Meter m;
        for (std::size_t p = 0; p < 2; ++p)
          Channel(*t, m, party_id(p), "party").send("visit" + std::to_string(visit), ByteView{});
        for (std::size_t p = 0; p < 2; ++p) Channel(*t, m, party_id(p), "party").receive("seen", ByteSpan{});
        t->goodbye("");
      }
    }
  });
  for (const auto& e : errors) EXPECT_EQ(e, "");
}

TEST(TlsOwners, AnOwnerThatBeganAndIsGoneIsToldOnce) {
  Town town(1, 1);
  std::latch gone(1);
  const auto errors = run_each(2, [&](std::size_t i) {
    const auto t = town.join(i);
    if (i == 1) {
      Meter m;
      Channel(*t, m, party_id(0), "party0").send("hello", ByteView{});
      t->goodbye("");
      gone.count_down();
      return;
    }
    gone.wait();
    while (t->connected(party_id(1))) {}  // until the end is noticed
    EXPECT_FALSE(t->any_owner(0ms));
    EXPECT_EQ(t->wait_for_any_owner(TlsTransport::Gone::IfItSpoke), party_id(1));
    EXPECT_FALSE(t->any_owner(0ms, TlsTransport::Gone::Told));
  });
  for (const auto& e : errors) EXPECT_EQ(e, "");
}

TEST(TlsOwners, AnOwnerThatSaidNothingIsToldOnlyToWhoAsks) {
  Town town(1, 1);
  std::latch gone(1);
  const auto errors = run_each(2, [&](std::size_t i) {
    const auto t = town.join(i);
    if (i == 1) {
      t->goodbye("");
      gone.count_down();
      return;
    }
    gone.wait();
    while (t->connected(party_id(1))) {}  // until the end is noticed
    EXPECT_FALSE(t->any_owner(0ms, TlsTransport::Gone::IfItSpoke));
    EXPECT_EQ(t->wait_for_any_owner(TlsTransport::Gone::Told), party_id(1));
    EXPECT_FALSE(t->any_owner(0ms, TlsTransport::Gone::Told));
  });
  for (const auto& e : errors) EXPECT_EQ(e, "");
}

TEST(TlsOwners, AnOwnerOfWhomNobodyKnewIsLetInWhenItMayCome) {
  Town town(1, 2);
  const std::vector<Endpoint> late(town.roster.begin() + 1, town.roster.end());
  std::atomic<bool> open = false;
  std::atomic<int> asked = 0;
  std::latch all_said(1);
  const auto said = [&](std::size_t i) {
    try {
      Meter m;
      const auto t = town.join(i);
      Channel party(*t, m, party_id(0), "party0");
      party.send("hello", ByteView{});
      party.receive("answer", ByteSpan{});
      t->goodbye("");
    } catch (const PeerError& e) { return std::string(e.what()); }
    return std::string("answered");
  };
  Town alone(0);
  alone.identities.push_back(std::move(town.identities[0]));
  alone.listeners = std::move(town.listeners);
  alone.roster = {town.roster[0]};
  alone.parties = 1;
  alone.newcomer = [&](const PublicKey& key) -> std::optional<Endpoint> {
    ++asked;
    return open && key == late[0].key ? std::optional(late[0]) : std::nullopt;
  };
  const auto errors = run_each(2, [&](std::size_t i) {
    if (i == 1) {
      EXPECT_NE(said(1).find("your key is not in"), std::string::npos);
      open = true;
      EXPECT_EQ(said(1), "answered");
      EXPECT_EQ(said(1), "answered");
      EXPECT_NE(said(2).find("your key is not in"), std::string::npos);
      all_said.count_down();
      return;
    }
    const auto t = alone.join(0);
    EXPECT_TRUE(t->owners().empty());
    Meter m;
    for (int session = 0; session < 2; ++session) {
      std::optional<PartyId> who;
      while (!who) who = t->next_of({}, t->owners(), 20ms);
      EXPECT_EQ(*who, party_id(1));
      EXPECT_EQ(t->owners(), std::vector{party_id(1)});
      EXPECT_EQ(t->endpoint(*who).name, late[0].name);
      t->limit(*who, 10s);
      Channel owner(*t, m, *who, late[0].name);
      owner.receive("hello", ByteSpan{});
      owner.send("answer", ByteView{});
      t->drop(*who, "");
    }
    all_said.wait();
    EXPECT_EQ(asked, 3);  // not about one who was let in before
  });
  for (const auto& e : errors) EXPECT_EQ(e, "");
}

TEST(TlsOwners, AnOwnersNextConnectionWaitsItsTurn) {
  Town town(1, 1);
  const auto errors = run_each(2, [&](std::size_t i) {
    Meter m;
    if (i == 0) {
      const auto t = town.join(0);
      Channel owner(*t, m, party_id(1), "owner");
      EXPECT_EQ(t->wait_for_any_owner(), party_id(1));
      t->wait_for(party_id(1), 10s);
      owner.receive("first", ByteSpan{});
      owner.send("seen", ByteView{});
      owner.receive("more", ByteSpan{});  // sent when the second connection had spoken
      t->drop(party_id(1), "enough");
      EXPECT_EQ(t->wait_for_any_owner(), party_id(1));
      t->wait_for(party_id(1), 10s);
      owner.receive("second", ByteSpan{});
      owner.send("seen", ByteView{});
    } else {
      const auto first = town.join(1);
      Channel one(*first, m, party_id(0), "party0");
      one.send("first", ByteView{});
      one.receive("seen", ByteSpan{});
      const auto second = town.join(1);
      Channel two(*second, m, party_id(0), "party0");
      two.send("second", ByteView{});
      one.send("more", ByteView{});
      two.receive("seen", ByteSpan{});
      try {
        first->receive_head(party_id(0));
        ADD_FAILURE() << "the first connection still stands";
      } catch (const PeerError& e) { EXPECT_STREQ(e.what(), "party0 gave up: enough"); }
    }
  });
  for (const auto& e : errors) EXPECT_EQ(e, "");
}

TEST(TlsOwners, TheNextConnectionIsNotTheLastOne) {
  Town town(1, 1);
  const auto errors = run_each(2, [&](std::size_t i) {
    Meter m;
    if (i == 0) {
      const auto t = town.join(0);
      Channel owner(*t, m, party_id(1), "owner");
      t->wait_for_next(party_id(1), 10s);
      owner.receive("first", ByteSpan{});
      // The first connection stands, and is not the next.
      EXPECT_THROW(t->wait_for_next(party_id(1), 50ms), PeerError);
      t->wait_for(party_id(1), 0ms);
      owner.send("come again", ByteView{});
      t->wait_for_next(party_id(1), 10s);
      owner.receive("second", ByteSpan{});
      owner.send("seen", ByteView{});
    } else {
      const auto first = town.join(1);
      Channel one(*first, m, party_id(0), "party0");
      one.send("first", ByteView{});
      one.receive("come again", ByteSpan{});
      const auto second = town.join(1);
      Channel two(*second, m, party_id(0), "party0");
      two.send("second", ByteView{});
      two.receive("seen", ByteSpan{});
    }
  });
  for (const auto& e : errors) EXPECT_EQ(e, "");
}

TEST(TlsOwners, AnOwnerHasLimitedTime) {
  Town town(1, 1);
  const auto errors = run_each(2, [&](std::size_t i) {
    const auto t = town.join(i);
    if (i == 0) {
      t->wait_for(party_id(1), 10s);
      t->limit(party_id(1), 100ms);
      try {
        t->receive_head(party_id(1));
        ADD_FAILURE() << "something came";
      } catch (const PeerError& e) { t->drop(party_id(1), e.what()); }
    }
    t->receive_head(party_id(1 - i));
  });
  EXPECT_EQ(errors[0], "party1 has left");
  EXPECT_EQ(errors[1], "party1 took longer than 0.1 s, says party0");
}

}  // namespace
}  // namespace tacit
