// The overflow guard on every engine: what leaves its range is always found, however it wraps, and what stays
// within is not; and nothing that is guarded comes out otherwise.
#include "tacit/mpc/generic/guard_engine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <mutex>
#include <random>

#include "tacit/base/error.h"
#include "tacit/mpc/protocols/plain/engine.h"
#include "tacit/mpc/table.h"
#include "tacit/mpc/testing/conformance.h"

namespace tacit {
namespace {

using testing::bits_as_words;
using testing::OpenSesame;
using testing::run_parties;

constexpr std::int64_t kMin = INT64_MIN, kMax = INT64_MAX;
constexpr std::int64_t two_to(unsigned k) { return std::int64_t{1} << k; }

/// A guarded engine, and what a test does with it.
struct Seat {
  GuardEngine& guard;
  Engine& inner;

  /// The first party's numbers.
  Share share(const std::vector<std::int64_t>& values, unsigned frac = 0, Shape shape = {}) {
    if (shape.empty()) shape = {values.size()};
    RingTensor t(shape);
    for (std::size_t i = 0; i < values.size(); ++i) t.words[i] = static_cast<Word>(values[i]);
    return guard.input(party_id(0), index(guard.self()) == 0 ? &t : nullptr, shape, frac);
  }
  /// Whether some number left its range in each piece of work.
  std::vector<bool> verdicts(const std::vector<std::function<void()>>& works) {
    guard.watch(true);
    for (std::size_t i = 0; i < works.size(); ++i) {
      const Meter::Scope scope(guard.meter(), std::to_string(i));
      works[i]();
    }
    const auto verdict = guard.settle_checks(true);
    guard.watch(false);
    std::vector<bool> out(works.size());
    if (!verdict) return out;
    const auto bits = bits_as_words(OpenSesame::open(inner, verdict->bits), 1 + verdict->places.size());
    bool any = false;
    for (std::size_t i = 0; i < verdict->places.size(); ++i) {
      out.at(std::stoul(verdict->places[i])) = bits[1 + i] != 0;
      any = any || bits[1 + i] != 0;
    }
    EXPECT_EQ(bits[0] != 0, any) << "the first bit is that of all places";
    return out;
  }
  bool verdict(const std::function<void()>& work) {
    guard.watch(true);
    work();
    const auto verdict = guard.settle_checks(false);
    guard.watch(false);
    if (!verdict) return false;
    EXPECT_TRUE(verdict->places.empty());
    EXPECT_EQ(verdict->bits.shape, Shape{1});
    return bits_as_words(OpenSesame::open(inner, verdict->bits), 1)[0] != 0;
  }
};

void on_plain(const std::function<void(Seat)>& body) {
  Workers workers(1);
  plain::PlainEngine engine(Compute{ring_kernels(detect_isa()), workers});
  GuardEngine guard(engine);
  body({guard, engine});
}
/// Plain numbers, and every protocol in each profile.
void on_every_engine(const std::function<void(Seat)>& body) {
  {
    SCOPED_TRACE("plain");
    on_plain(body);
  }
  for (const ProtocolInfo& protocol : all_protocols())
    for (const char* profile : {"lan", "wan"}) {
      SCOPED_TRACE(std::string(protocol.name) + ", " + profile);
      run_parties(protocol.parties, [&](Party& party) {
        const auto engine = protocol.make(party, profile_named(profile));
        GuardEngine guard(*engine);
        body({guard, *engine});
      });
    }
}

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
