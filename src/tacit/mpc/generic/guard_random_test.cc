// Random programs on guarded numbers: whatever leaves its range is found, and what is computed is what it
// would be without a guard.
#include <gtest/gtest.h>

#include <random>

#include "tacit/mpc/testing/guarded.h"

namespace tacit {
namespace {

using testing::on_plain;
using testing::Seat;

constexpr std::int64_t kMin = INT64_MIN, kMax = INT64_MAX;
constexpr std::int64_t two_to(unsigned k) { return std::int64_t{1} << k; }

/// A random program on one number after another, with the exact integers beside it. Once one of those leaves
/// its range, what follows means nothing, and the program ends.
struct Program {
  __extension__ typedef __int128 Int;
  Seat s;
  std::mt19937_64 rng;
  std::vector<Share> shares;
  std::vector<Int> exact;
  bool left = false;

  static Int value_of(const Share& x) { return static_cast<std::int64_t>(x.parts[0].words[0]); }
  void put(Share x, Int value) {
    left = left || value < kMin || value > kMax;
    shares.push_back(std::move(x));
    exact.push_back(value);
  }
  void step() {
    GuardEngine& g = s.guard;
    const std::size_t i = rng() % shares.size(), j = rng() % shares.size();
    const Share x = shares[i], y = shares[j];
    const Int p = exact[i], q = exact[j];
    const auto factor = static_cast<std::int64_t>(rng() % (Word{1} << rng() % 30)) - 3;
    switch (rng() % 10) {
      case 0:
        return put(g.add(x, y), p + q);
      case 1:
        return put(g.sub(x, y), p - q);
      case 2:
        return put(g.negate(x), -p);
      case 3:
        return put(g.scale(x, factor), p * factor);
      case 4: {
        const Share both[] = {x, y};
        const Share* list[] = {&both[0], &both[1]};
        return put(g.sum_runs(join(list), 2, {1}), p + q);
      }
      case 5:
      case 6: {
        // Brought back to the one point that all numbers have; halves go up.
        left = left || p * q < -Int{two_to(62)} || p * q >= Int{two_to(62)};
        const Share product = g.trunc(g.bilinear(Bilinear::mul(), x, y), 20);
        return put(g.settle(product), (p * q + two_to(19)) >> 20);
      }
      case 7: {
        left = left || p < -Int{two_to(46)} || p >= Int{two_to(46)};
        return put(g.relu(x, 47).value, std::max(p, Int{0}));
      }
      case 8: {
        left = left || p < -Int{two_to(62)} || p >= Int{two_to(62)};
        return put(g.move_point(g.trunc(x, 9), -9), (p + 256) >> 9);
      }
      default: {
        left = left || p < -Int{two_to(62)} || p >= Int{two_to(62)};
        return put(g.select(g.msb(x, 63), y), p < 0 ? q : Int{0});
      }
    }
  }
};

TEST(Guard, FindsWhateverLeavesInRandomPrograms) {
  std::size_t leaving = 0, quiet = 0, complained = 0;
  on_plain([&](Seat s) {
    for (std::uint64_t seed = 0; seed < 4000; ++seed) {
      Program p{s, std::mt19937_64(seed), {}, {}, false};
      const bool told = s.verdict([&] {
        for (int i = 0; i < 3; ++i) {
          const auto start = static_cast<std::int64_t>(p.rng()) >> (p.rng() % 50);
          p.put(s.share({start}, 20), start);
        }
        for (int i = 0; i < 8 && !p.left; ++i) p.step();
      });
      if (p.left) {
        ++leaving;
        ASSERT_TRUE(told) << "program " << seed;
        continue;
      }
      for (std::size_t i = 0; i < p.shares.size(); ++i) {
        ASSERT_TRUE(Program::value_of(p.shares[i]) == p.exact[i]) << "program " << seed << ", number " << i;
        if (told) continue;
        const Bounds& b = *p.shares[i].bounds;
        ASSERT_TRUE(b.low <= p.exact[i] && p.exact[i] <= b.high) << "program " << seed << ", number " << i;
      }
      ++(told ? complained : quiet);
    }
  });
  EXPECT_GT(leaving, 500u);
  EXPECT_GT(quiet, 500u);
  EXPECT_LT(complained, quiet);
}

TEST(Guard, ChangesNoResult) {
  on_plain([&](Seat s) {
    std::mt19937_64 rng(3);
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      std::vector<Words> results;
      for (bool on : {false, true}) {
        Program p{s, std::mt19937_64(seed), {}, {}, false};
        const auto work = [&] {
          for (int i = 0; i < 3; ++i) p.put(s.share({static_cast<std::int64_t>(p.rng() >> 40)}, 20), 0);
          for (int i = 0; i < 8; ++i) p.step();
        };
        on ? static_cast<void>(s.verdict(work)) : work();
        Words all(p.shares.size());
        for (std::size_t i = 0; i < all.size(); ++i) all[i] = p.shares[i].parts[0].words[0];
        results.push_back(std::move(all));
      }
      EXPECT_TRUE(results[0] == results[1]) << seed;
    }
  });
}

}  // namespace
}  // namespace tacit
