// The handshake and the coins that it yields.
#include "tacit/party/party.h"

#include <gtest/gtest.h>

#include <thread>

#include "tacit/base/error.h"
#include "tacit/net/transports/memory.h"
#include "tacit/net/wrap/fault.h"
#include "tacit/party/handshake.h"
#include "tacit/party/testing/session.h"

namespace tacit {
namespace {

using namespace std::chrono_literals;

struct Outcome {
  std::vector<std::optional<SessionStart>> starts;
  std::vector<std::string> errors;
};

Outcome shake(const std::vector<SessionTerms>& terms) {
  const std::vector<std::string> names{"alpha", "beta", "gamma"};
  auto wires = memory_transports(names, 10s);
  Outcome out{std::vector<std::optional<SessionStart>>(3), std::vector<std::string>(3)};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 3; ++i)
    threads.emplace_back([&, i] {
      try {
        out.starts[i] = shake_hands(party_id(i), names, *wires[i], terms[i]);
      } catch (const std::exception& e) {
        out.errors[i] = e.what();
        wires[i]->goodbye(e.what());
      }
    });
  for (auto& t : threads) t.join();
  return out;
}

TEST(Handshake, GivesEveryPairTheSameKeyAndEverySessionNewOnes) {
  const std::vector<SessionTerms> same(3);
  const Outcome one = shake(same), two = shake(same);
  auto key = [](const SecretBytes& k) { return to_hex(k.bytes()); };
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(one.starts[i]) << one.errors[i];
    EXPECT_EQ(one.starts[i]->id, one.starts[0]->id);
    EXPECT_EQ(key(one.starts[i]->keys.common), key(one.starts[0]->keys.common));
    for (std::size_t j = 0; j < 3; ++j) {
      if (i != j) { EXPECT_EQ(key(one.starts[i]->keys.pair[j]), key(one.starts[j]->keys.pair[i])); }
    }
    EXPECT_NE(key(one.starts[i]->keys.mine), key(two.starts[i]->keys.mine));
  }
  EXPECT_NE(key(one.starts[0]->keys.pair[1]), key(one.starts[0]->keys.pair[2]));
  EXPECT_NE(key(one.starts[0]->keys.pair[1]), key(one.starts[1]->keys.pair[2]));
  EXPECT_NE(one.starts[0]->id, two.starts[0]->id);
  EXPECT_NE(key(one.starts[0]->keys.common), key(two.starts[0]->keys.common));
}

TEST(Handshake, AnotherJobOrVersionIsNamed) {
  std::vector<SessionTerms> terms(3);
  terms[1].job[0] = std::byte{1};
  Outcome out = shake(terms);
  EXPECT_NE(out.errors[0].find("beta has another job file"), std::string::npos) << out.errors[0];
  EXPECT_NE(out.errors[2].find("beta"), std::string::npos) << out.errors[2];
  EXPECT_NE(out.errors[1].find("another job file"), std::string::npos) << out.errors[1];
  terms = std::vector<SessionTerms>(3);
  terms[2].version = 99;
  out = shake(terms);
  EXPECT_NE(out.errors[0].find("gamma speaks version 99"), std::string::npos) << out.errors[0];
}

TEST(Coins, BothEndsDrawTheSameAndNoTwoStreamsMeet) {
  std::vector<std::vector<Word>> with_next(3), with_prev(3), common(3), mine(3);
  testing::run_parties(3, [&](Party& p) {
    const std::size_t i = index(p.id());
    auto take = [](const Stream& s) {
      std::vector<Word> out(4);
      s.fill(0, out);
      return out;
    };
    with_next[i] = take(p.coins().with(p.next()));
    with_prev[i] = take(p.coins().with(p.prev()));
    common[i] = take(p.coins().common());
    mine[i] = take(p.coins().mine());
    EXPECT_NE(take(p.coins().with(p.next())), with_next[i]);
    EXPECT_NE(take(p.coins().common()), common[i]);
    Coins forked = p.coins().fork("part");
    EXPECT_NE(take(forked.common()), common[i]);
    EXPECT_ANY_THROW(p.coins().fork("part"));
  });
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(with_next[i], with_prev[(i + 1) % 3]);
    EXPECT_EQ(common[i], common[0]);
    EXPECT_NE(mine[i], mine[(i + 1) % 3]);
  }
}

}  // namespace
}  // namespace tacit
