#include "tacit/ot/base/base_ot.h"

#include <gtest/gtest.h>

#include "tacit/base/error.h"
#include "tacit/ot/base/group.h"
#include "tacit/party/testing/session.h"

namespace tacit::ot {
namespace {

using tacit::testing::run_parties;
constexpr std::size_t kCount = 20;
const Bytes kSession(16, std::byte{7}), kChoices{std::byte{0x5a}, std::byte{0xc3}, std::byte{0x0f}};

Block block(const SecretBytes& keys, std::size_t i) { return read_at<Block>(keys.bytes(), 16 * i); }

/// What both ends get, and what it cost.
struct Result {
  SecretBytes sent, received;
  std::vector<Cost> costs;
};
Result transfer(const Bytes& send_session, const Bytes& receive_session) {
  Result r;
  r.costs = run_parties(2, [&](Party& p) {
    if (p.id() == party_id(0))
      r.sent = base_ot_send(p.to(party_id(1)), send_session, kCount);
    else
      r.received = base_ot_receive(p.to(party_id(0)), receive_session, kChoices, kCount);
  });
  return r;
}

TEST(BaseOt, GivesTheKeyThatWasChosenAndNotTheOther) {
  const Result r = transfer(kSession, kSession);
  std::vector<Block> all;
  for (std::size_t i = 0; i < kCount; ++i) {
    const std::size_t choice = std::to_integer<unsigned>(kChoices[i / 8]) >> (i % 8) & 1;
    EXPECT_EQ(block(r.received, i), block(r.sent, 2 * i + choice));
    EXPECT_NE(block(r.received, i), block(r.sent, 2 * i + 1 - choice));
  }
  for (std::size_t i = 0; i < 2 * kCount; ++i)
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(block(r.sent, i), block(r.sent, j));
  EXPECT_EQ(r.costs[0].payload + r.costs[1].payload, base_ot_bytes(kCount));
  for (const Cost& c : r.costs) EXPECT_EQ(c.rounds, 1u);
}

TEST(BaseOt, KeysBelongToTheSession) {
  const Result r = transfer(kSession, Bytes(16, std::byte{8}));
  for (std::size_t i = 0; i < kCount; ++i)
    for (std::size_t b = 0; b < 2; ++b) EXPECT_NE(block(r.received, i), block(r.sent, 2 * i + b));
}

TEST(BaseOt, RefusesWhatIsNoPoint) {
  Bytes no_point(32, std::byte{0xff});
  const Bytes zero(32);
  for (const Bytes& bad : {no_point, zero}) {
    EXPECT_THROW(run_parties(2,
                             [&](Party& p) {
                               if (p.id() == party_id(0))
                                 p.to(party_id(1)).send("ot.base.sender", bad);
                               else
                                 base_ot_receive(p.to(party_id(0)), kSession, kChoices, kCount);
                             }),
                 PeerError);
    EXPECT_THROW(run_parties(2,
                             [&](Party& p) {
                               if (p.id() == party_id(0)) {
                                 base_ot_send(p.to(party_id(1)), kSession, 1);
                               } else {
                                 Bytes points = bad;
                                 append_bytes(points, random_point());
                                 p.to(party_id(0)).send("ot.base.receiver", points);
                               }
                             }),
                 PeerError);
  }
  EXPECT_THROW(run_parties(2,
                           [&](Party& p) {
                             if (p.id() == party_id(0))
                               base_ot_send(p.to(party_id(1)), kSession, kCount);
                             else
                               base_ot_receive(p.to(party_id(0)), kSession, kChoices, kCount - 1);
                           }),
               PeerError)
      << "another count";
}

TEST(Group, IsAGroupOfPoints) {
  const SecretBytes a = random_scalar(), b = random_scalar();
  const Point p = base_times(a), q = base_times(b);
  EXPECT_TRUE(is_valid(p));
  EXPECT_EQ(add(p, q), add(q, p));
  EXPECT_EQ(subtract(add(p, q), q), p);
  Point ab, ba;
  EXPECT_TRUE(times(a, q, ab));
  EXPECT_TRUE(times(b, p, ba));
  EXPECT_EQ(ab, ba);
  EXPECT_FALSE(is_valid(subtract(p, p)));
  EXPECT_FALSE(times(a, subtract(p, p), ab));
  EXPECT_NE(random_point(), random_point());
}

TEST(Group, TheGeneratorIsRfc9496s) {
  SecretBytes one(32);
  one.bytes()[0] = std::byte{1};
  EXPECT_EQ(to_hex(base_times(one)), "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76");
}

}  // namespace
}  // namespace tacit::ot
