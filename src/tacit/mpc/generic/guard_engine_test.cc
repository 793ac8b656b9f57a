// The overflow guard on every engine: what leaves its range is always found, however it wraps, and what stays
// within is not; and nothing that is guarded comes out otherwise.
#include "tacit/mpc/generic/guard_engine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tacit/mpc/testing/guarded.h"

namespace tacit {
namespace {

using testing::on_every_engine;
using testing::on_plain;
using testing::run_parties;
using testing::Seat;

constexpr std::int64_t kMin = INT64_MIN, kMax = INT64_MAX;
constexpr std::int64_t two_to(unsigned k) { return std::int64_t{1} << k; }

TEST(Guard, ChecksEveryEdgeOfAnyBounds) {
  const Bounds bounds[] = {Bounds::within(0),
                           Bounds::within(1),
                           {-two_to(20), two_to(20) - 1},
                           Bounds::within(two_to(61)),
                           {-two_to(62), two_to(62) - 1},
                           {0, 1},
                           {5, 9},
                           {-9, -5},
                           {kMax - 3, kMax - 1},
                           {kMin + 1, kMin + 3},
                           {0, kMax}};
  on_every_engine([&](Seat s) {
    std::vector<std::function<void()>> works;
    std::vector<bool> wanted;
    for (const Bounds& b : bounds) {
      // Both ends, what lies beside them, and what is as far away as can be.
      std::vector<std::int64_t> values{0, 1, -1, kMin, kMax, b.low, b.high};
      if (b.low > kMin) values.push_back(b.low - 1);
      if (b.high < kMax) values.push_back(b.high + 1);
      for (Word far :
           {static_cast<Word>(b.low) + (Word{1} << 63), static_cast<Word>(b.high) + (Word{1} << 63),
            static_cast<Word>(b.low) + (Word{1} << 63) - 1, static_cast<Word>(b.high) + (Word{1} << 63) + 1})
        values.push_back(static_cast<std::int64_t>(far));
      for (std::int64_t v : values) {
        works.push_back([&s, v, b] { s.guard.expect(s.share({v}), b); });
        wanted.push_back(v < b.low || v > b.high);
      }
    }
    EXPECT_EQ(s.verdicts(works), wanted);
  });
}

TEST(Guard, ChecksWithAsFewBitsAsBoundsAllow) {
  // What a truncation leaves is known to 46, 30 and 14 bits; the numbers are exact multiples.
  on_every_engine([&](Seat s) {
    std::vector<std::function<void()>> works;
    std::vector<bool> wanted;
    for (unsigned dropped : {16u, 32u, 48u}) {
      const std::int64_t most = two_to(62 - dropped);
      for (std::int64_t limit : {std::int64_t{0}, std::int64_t{3}, most / 4, most - 2})
        for (std::int64_t v : {std::int64_t{0}, limit, -limit, limit + 1, -limit - 1, most - 1, -most})
          for (const Bounds& b : {Bounds::within(limit), Bounds{-limit, kMax}, Bounds{kMin, limit}}) {
            works.push_back([&s, v, b, dropped] {
              s.guard.expect(s.guard.trunc(s.share({v << dropped}, dropped), dropped), b);
            });
            wanted.push_back(v < b.low || v > b.high);
          }
    }
    EXPECT_EQ(s.verdicts(works), wanted);
  });
}

/// A product of rows, truncated: what it should be, and whether that fits.
struct Product {
  std::vector<std::int64_t> a, b;
  bool leaves() const {
    __extension__ typedef __int128 Int;
    Int sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += Int{a[i]} * b[i];
    return sum < -Int{two_to(62)} || sum >= Int{two_to(62)};
  }
};

void compute(Seat& s, const Product& p) {
  const std::size_t n = p.a.size();
  s.guard.trunc(s.guard.bilinear(Bilinear::matmul(), s.share(p.a, 16, {1, n}), s.share(p.b, 16, {n, 1})), 16);
}

TEST(Guard, FindsProductsThatWrapBackIntoRange) {
  std::vector<Product> products{
      {{two_to(40)}, {two_to(40)}},                                      // 2^80 is 0
      {{two_to(40) + 1}, {two_to(40)}},                                  // 2^80 + 2^40 looks small
      {{two_to(32)}, {two_to(32)}},                                      // 2^64 is 0
      {{two_to(32) + 1}, {two_to(32) - 1}},                              // 2^64 - 1 is -1
      {{two_to(31)}, {two_to(31)}},                                      // 2^62, the first that does not fit
      {{two_to(31)}, {-two_to(31) - 1}},                                 // and on the other side
      {{kMin}, {kMin}},                                                  // 2^126 is 0
      {{kMin}, {2}},                                                     // -2^64 is 0
      {{kMax}, {kMax}},                                                  // is 1
      {{two_to(62), two_to(62), two_to(62), two_to(62)}, {1, 1, 1, 1}},  // 2^64 is 0
      {{two_to(40), two_to(40), 5}, {two_to(40), two_to(40) + 1, 1}},    // each term wraps
  };
  for (const Product& p : products) ASSERT_TRUE(p.leaves());
  on_every_engine([&](Seat s) {
    std::vector<std::function<void()>> works;
    for (const Product& p : products) works.push_back([&s, &p] { compute(s, p); });
    EXPECT_EQ(s.verdicts(works), std::vector<bool>(products.size(), true));
  });
}

TEST(Guard, OfRandomProductsFindsAllThatLeaveAndNoneWithinItsBounds) {
  std::mt19937_64 rng(5);
  auto number = [&](unsigned most) {
    const Word w = rng() >> (64 - most) >> (rng() % 4);
    return static_cast<std::int64_t>(rng() % 2 == 0 ? w : Word{0} - w);
  };
  std::vector<Product> products;
  std::size_t leaving = 0;
  for (std::size_t i = 0; i < 300; ++i) {
    const std::size_t terms = i % 3 == 0 ? 1 : 1 + rng() % 9;
    const unsigned of_a = 20 + rng() % 44, of_b = 20 + rng() % 44;
    Product p;
    for (std::size_t t = 0; t < terms; ++t) {
      p.a.push_back(number(of_a));
      p.b.push_back(number(of_b));
    }
    leaving += p.leaves();
    products.push_back(std::move(p));
  }
  EXPECT_GT(leaving, 100u);
  on_every_engine([&](Seat s) {
    std::vector<std::function<void()>> works;
    for (const Product& p : products) works.push_back([&s, &p] { compute(s, p); });
    const auto told = s.verdicts(works);
    std::size_t quiet = 0;
    for (std::size_t i = 0; i < products.size(); ++i) {
      const Product& p = products[i];
      EXPECT_TRUE(told[i] || !p.leaves()) << "product " << i << " leaves unnoticed";
      // Factors that both take an equal part of what there is are never complained of.
      const auto even = two_to((61 - static_cast<unsigned>(std::ceil(std::log2(p.a.size())))) / 2);
      auto small = [&](const std::vector<std::int64_t>& v) {
        return std::all_of(v.begin(), v.end(), [&](std::int64_t x) { return -even <= x && x <= even; });
      };
      if (small(p.a) && small(p.b)) {
        EXPECT_FALSE(told[i]) << "product " << i << " is within its bounds";
        ++quiet;
      }
    }
    EXPECT_GT(quiet, 20u);
  });
}

TEST(Guard, FindsSumsThatWrap) {
  on_every_engine([&](Seat s) {
    GuardEngine& g = s.guard;
    auto signs = [&](const Share& x) { g.trunc(g.loosen(x), 1); };
    auto one = [&](std::int64_t v, unsigned frac = 8) { return s.share({v}, frac); };
    const std::vector<std::function<void()>> leave{
        [&] { signs(g.add(one(kMax), one(1))); },
        [&] { signs(g.add(one(kMin), one(kMin))); },  // 0
        [&] { signs(g.sub(one(0), one(kMin))); },
        [&] { signs(g.negate(one(kMin))); },
        [&] { signs(g.scale(one(two_to(60)), 16)); },  // 2^64 is 0
        [&] { signs(g.scale(one(3), kMin)); },         // -3 · 2^63
        [&] { signs(g.lift(one(two_to(50)), 14)); },   // 2^64 is 0
        [&] { signs(g.sum_runs(s.share(std::vector<std::int64_t>(8, two_to(61)), 8), 8, {1})); },
        [&] {  // doubled until nothing is left of it
          Share x = one(two_to(60));
          for (int i = 0; i < 6; ++i) x = g.add(x, x);
          signs(x);
        },
        [&] {
          const std::vector<double> most{std::ldexp(1.0, 53)};
          signs(g.add_public(one(kMax - 5), most));
        },
        [&] {
          const std::vector<double> factor{1024};
          signs(g.scale_each(one(two_to(54)), factor, 0));
        },
    };
    EXPECT_EQ(s.verdicts(leave), std::vector<bool>(leave.size(), true));
    const std::vector<std::function<void()>> stay{
        [&] { signs(g.add(one(two_to(61)), one(-two_to(61)))); },
        [&] { signs(g.sub(one(two_to(60)), one(-two_to(60)))); },
        [&] { signs(g.negate(one(-two_to(61)))); },
        [&] { signs(g.scale(one(two_to(57)), 16)); },
        [&] { signs(g.sum_runs(s.share(std::vector<std::int64_t>(8, -two_to(58)), 8), 8, {1})); },
        [&] { signs(g.lift(one(two_to(40)), 14)); },
    };
    EXPECT_EQ(s.verdicts(stay), std::vector<bool>(stay.size(), false));
  });
}

TEST(Guard, ChecksTheDomainsOfOperations) {
  const Piecewise sine{"sine", [](double x) { return std::sin(x); }, -2, 0, 3, 3, 1, 1e-2};  // on [-2, 5]
  on_every_engine([&](Seat s) {
    GuardEngine& g = s.guard;
    std::vector<std::function<void()>> works;
    std::vector<bool> wanted;
    auto domain = [&](std::int64_t low, std::int64_t high, const std::function<void(const Share&)>& op,
                      bool sum = false) {
      for (std::int64_t v : {low, high, low - 1, high + 1, kMin, kMax, std::int64_t{1}}) {
        works.push_back([&s, &g, v, op, sum] {
          const Share x = s.share({v}, 16);
          op(sum ? g.loosen(x) : x);
        });
        wanted.push_back(v < low || v > high);
      }
    };
    for (bool sum : {false, true})
      domain(
          -two_to(62), two_to(62) - 1, [&g](const Share& x) { g.trunc(x, 16); }, sum);
    domain(-two_to(47), two_to(47) - 1, [&g](const Share& x) { g.msb(x, 48); });
    domain(-two_to(62), two_to(62) - 1, [&g](const Share& x) { g.msb(x, 63); });
    domain(-two_to(47), two_to(47) - 1, [&g](const Share& x) { g.relu(x, 48); });
    domain(-2 * two_to(16), 5 * two_to(16), [&](const Share& x) { g.piecewise(x, sine, 16); });
    EXPECT_EQ(s.verdicts(works), wanted);
  });
}

TEST(Guard, OneNumberAmongManyIsEnough) {
  // Sizes around those where halves leave a rest, and beyond what is counted without multiplying.
  on_every_engine([&](Seat s) {
    for (std::size_t n : {2, 63, 64, 65, 4095, 4096, 4097, 9001}) {
      std::vector<std::int64_t> values(n, 7);
      EXPECT_FALSE(s.verdict([&] { s.guard.expect(s.share(values), Bounds::within(7)); })) << n;
      for (std::size_t at : {std::size_t{0}, n / 2, n - 1}) {
        std::vector<std::int64_t> other = values;
        other[at] = 8;
        EXPECT_TRUE(s.verdict([&] { s.guard.expect(s.share(other), Bounds::within(7)); })) << n << " " << at;
      }
      EXPECT_TRUE(s.verdict([&] {
        s.guard.expect(s.share(std::vector<std::int64_t>(n, -8)), Bounds::within(7));
      })) << n;
    }
  });
}

TEST(Guard, ChecksNothingThatBoundsImply) {
  on_plain([&](Seat s) {
    GuardEngine& g = s.guard;
    RingTensor t(Shape{2, 3});
    for (std::size_t i = 0; i < 6; ++i)
      t.words[i] = static_cast<Word>(static_cast<std::int64_t>(i) - 3) << 16;
    g.watch(true);
    Share x = g.constant(t, Domain::Arith, 16);
    for (int i = 0; i < 3; ++i)
      x = g.trunc(g.bilinear(Bilinear::matmul(), x,
                             g.constant(RingTensor({3, 3}, Words(9, 1 << 15)), Domain::Arith, 16)),
                  16);
    g.relu(x, 48);
    EXPECT_EQ(g.waiting(), 0u);
    EXPECT_FALSE(g.settle_checks(true).has_value());
    // The same tensor is checked once, however often it is used, and in whatever form.
    const Share unknown = s.share({1, 2, 3, 4, 5, 6, 7, 8, 9}, 16, {3, 3});
    g.bilinear(Bilinear::matmul(), x, unknown);
    EXPECT_EQ(g.waiting(), 9u);
    g.bilinear(Bilinear::matmul(), x, reshape(unknown, {3, 3}));
    g.scale(g.loosen(unknown), 1000);
    g.bilinear(Bilinear::matmul(false, true), unknown, unknown);
    EXPECT_EQ(g.waiting(), 9u);
    const auto verdict = g.settle_checks(false);
    ASSERT_TRUE(verdict.has_value());
    EXPECT_EQ(verdict->numbers, 9u);
    g.watch(false);
    // Known from then on.
    g.watch(true);
    g.bilinear(Bilinear::matmul(), x, unknown);
    EXPECT_EQ(g.waiting(), 0u);
    g.watch(false);
  });
}

TEST(Guard, KnowsNothingOfWhatWasComputedUnwatched) {
  on_plain([&](Seat s) {
    GuardEngine& g = s.guard;
    Share x = g.constant(RingTensor({1}, Words(1, Word{1} << 40)), Domain::Arith, 20);
    x = g.settle(g.bilinear(Bilinear::mul(), x, x));  // wraps, unwatched: 2^80 is 0
    EXPECT_EQ(g.waiting(), 0u);
    EXPECT_EQ(*x.bounds, Bounds());
    EXPECT_FALSE(s.verdict([&] { g.expect(x, Bounds::within(1)); })) << "what it is now is within";
  });
}

TEST(Guard, PartsAndWholesKeepTheirOwnBounds) {
  on_plain([&](Seat s) {
    GuardEngine& g = s.guard;
    g.watch(true);
    const Share a = g.constant(RingTensor({2}, Words(2, 5)), Domain::Arith, 0),
                b = g.constant(RingTensor({2}, Words(2, 900)), Domain::Arith, 0), unknown = s.share({1, 2});
    auto bounds = [](const Share& x) { return *x.bounds; };
    const Share* both[] = {&a, &b};
    EXPECT_EQ(bounds(join(both)), (Bounds{5, 900}));
    const Share* with[] = {&a, &unknown};
    EXPECT_EQ(bounds(join(with)), Bounds());
    const std::size_t picks[] = {0, kZero}, first[] = {0, 0};
    EXPECT_EQ(bounds(gather(a, picks, {2})), (Bounds{0, 5}));
    EXPECT_EQ(bounds(gather(a, first, {2})), (Bounds{5, 5}));
    Share placed = a;
    const std::size_t strides[] = {1};
    place(placed, 0, strides, b);
    EXPECT_EQ(bounds(placed), (Bounds{5, 900}));
    EXPECT_EQ(bounds(a), (Bounds{5, 5})) << "a copy was changed with it";
    // To check a part says nothing of the whole.
    const Shape halves[] = {{1}, {1}};
    g.expect(split(unknown, halves)[0], Bounds::within(3));
    EXPECT_EQ(bounds(unknown), Bounds());
    g.expect(unknown, Bounds::within(4));
    EXPECT_EQ(bounds(unknown), Bounds::within(4));
    EXPECT_EQ(g.waiting(), 3u);
    g.settle_checks(false);
    g.watch(false);
  });
}

TEST(Guard, MayNotEndWithWhatIsUnchecked) {
  on_plain([&](Seat s) {
    s.guard.watch(true);
    s.guard.expect(s.share({1}), Bounds::within(4));
    EXPECT_THROW(s.guard.watch(false), std::logic_error);
    s.guard.settle_checks(false);
    EXPECT_NO_THROW(s.guard.watch(false));
  });
}

TEST(Guard, CostsWhatIsDeclared) {
  // A piece of work with checks of every kind, at many sizes: counted beforehand, byte for byte.
  auto work = [](GuardEngine& g, std::size_t n, bool by_place) {
    RingTensor t(Shape{n});
    std::fill(t.words.begin(), t.words.end(), 12345);
    const Share x = g.input(party_id(1), index(g.self()) == 1 ? &t : nullptr, {n}, 16);
    g.watch(true);
    {
      const Meter::Scope scope(g.meter(), "first");
      const Share product = g.bilinear(Bilinear::mul(), x, x);
      const Share y = g.trunc(g.scale(product, 1 << 13), 16);
      g.bilinear(Bilinear::mul(), y, y);
    }
    const Meter::Scope scope(g.meter(), "second");
    g.relu(x, 33);
    g.settle_checks(by_place);
    g.watch(false);
  };
  for (const ProtocolInfo& protocol : all_protocols())
    for (const char* name : {"lan", "wan"})
      for (std::size_t n : {1, 65, 5000, 20000})
        for (bool by_place : {false, true})
          run_parties(protocol.parties, [&](Party& party) {
            const Profile& profile = profile_named(name);
            const auto engine = protocol.make(party, profile);
            DryEngine dry(protocol.costs(profile), party.id(), party.compute());
            GuardEngine guard(*engine), counted(dry);
            auto synchronize = [&] {
              party.exchange("test.sync", {}, {}, {}, {});
              party.exchange("test.sync", {}, {}, {}, {});
            };
            synchronize();
            const Cost before = party.meter().total();
            work(guard, n, by_place);
            const std::uint64_t payload = party.meter().total().payload - before.payload;
            synchronize();
            work(counted, n, by_place);
            EXPECT_EQ(payload, dry.meter().total().payload) << name << " " << n;
            EXPECT_EQ(party.meter().total().rounds - before.rounds - 2, dry.meter().total().rounds)
                << name << " " << n;
          });
}

}  // namespace
}  // namespace tacit
