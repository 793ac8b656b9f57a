#include "tacit/net/script.h"

#include <gtest/gtest.h>

namespace tacit {
namespace {

TEST(Script, CountsBytesAndTheLongestChain) {
  Script s(3);
  s.trade(3, [](std::size_t from, std::size_t to) { return 10 * from + to; });
  s.pass(0, 1, 100);
  s.pass(1, 2, 7);
  const auto told = s.spent();
  EXPECT_EQ(told[0].bytes, 1u + 2u + 100u);
  EXPECT_EQ(told[1].bytes, 10u + 12u + 7u);
  EXPECT_EQ(told[1].received, 1u + 21u + 100u);
  EXPECT_EQ(told[0].rounds, 1u);
  EXPECT_EQ(told[1].rounds, 2u);
  EXPECT_EQ(told[2].rounds, 3u);
}

TEST(Script, BranchesDoNotDependOnOneAnother) {
  Script s(3);
  for (std::size_t p = 0; p < 3; ++p) s.fork(p);
  // Without branches the third would be a chain of three.
  s.pass(0, 1, 1), s.branch(0), s.branch(1);
  s.pass(1, 2, 1), s.branch(1), s.branch(2);
  s.pass(2, 0, 1), s.branch(2), s.branch(0);
  for (std::size_t p = 0; p < 3; ++p) s.join(p);
  for (const auto& told : s.spent()) EXPECT_EQ(told.rounds, 1u);
}

TEST(Script, BranchesMayLieWithinOthers) {
  Script s(2);
  auto both = [&](void (Script::*step)(std::size_t)) {
    for (std::size_t p = 0; p < 2; ++p) (s.*step)(p);
  };
  both(&Script::fork);
  for (int i = 0; i < 3; ++i) {
    both(&Script::fork);
    s.pass(0, 1, 1), both(&Script::branch);
    s.pass(1, 0, 1), both(&Script::branch);
    both(&Script::join);
    s.pass(0, 1, 1);
    both(&Script::branch);
  }
  both(&Script::join);
  EXPECT_EQ(s.spent()[0].rounds, 1u);
  EXPECT_EQ(s.spent()[1].rounds, 2u);
}

TEST(Script, TellsWhenMessagesCome) {
  constexpr double kHead = FrameHead::kWireSize;
  Script s(2, {.one_way_seconds = 0.5, .bytes_per_second = 1000});
  s.work(0, 2);
  s.send(0, 1, 1000);
  s.send(0, 1, 2000);  // waits for the first
  s.work(0, 0.25);
  s.receive(1, 0);
  s.work(1, 10);
  s.receive(1, 0);  // has come while it worked
  const auto told = s.spent();
  EXPECT_DOUBLE_EQ(told[0].time, 2.25);
  EXPECT_DOUBLE_EQ(told[1].time, 2 + (1000 + kHead) / 1000 + 0.5 + 10);
  EXPECT_DOUBLE_EQ(told[1].work, 10);
  s.meet();
  EXPECT_DOUBLE_EQ(s.spent()[0].time, told[1].time);
  EXPECT_EQ(told[0].rounds, 0u);
  EXPECT_EQ(s.spent()[0].rounds, 1u);
}

TEST(Script, MustBeOfOnePiece) {
  Script unheard(2), unsaid(2);
  unheard.send(0, 1, 1);
  EXPECT_ANY_THROW(unheard.spent());
  unsaid.receive(0, 1);
  EXPECT_ANY_THROW(unsaid.spent());
}

}  // namespace
}  // namespace tacit
