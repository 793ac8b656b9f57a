// Every operation of aby3 against plain arithmetic, over sizes around every block boundary, on random and on
// extreme values, in both profiles; bytes and rounds against what cost.cc declares.
#include <gtest/gtest.h>

#include <cmath>
#include <mutex>
#include <random>

#include "tacit/mpc/protocols/aby3/aby3_cost.h"
#include "tacit/mpc/protocols/aby3/engine.h"
#include "tacit/mpc/testing/conformance.h"
#include "tacit/ring/codec.h"

namespace tacit::aby3 {
namespace {

using testing::bits_as_words;
using testing::OpenSesame;
using testing::run_parties;

const std::size_t kSizes[] = {1, 2, 63, 64, 65, 192, 193, 1000, 6145, 20000};

/// Runs `body(engine, check)` at all parties, checks included at all, and compares the cost of what happens
/// inside `measure` with `declared`.
struct Session {
  Engine& engine;
  Party& party;
  Cost measured;

  /// The clocks of all parties are brought together before and after, so that rounds are those of the whole.
  template <class F>
  auto measure(F f) {
    synchronize();
    const Cost before = party.meter().total();
    auto result = f();
    measured.payload = party.meter().total().payload - before.payload;
    synchronize();
    measured.rounds = party.meter().total().rounds - before.rounds - 2;
    return result;
  }
  /// Two rounds, after which every clock is two past the deepest.
  void synchronize() {
    party.exchange("test.sync", {}, {}, {}, {});
    party.exchange("test.sync", {}, {}, {}, {});
  }
  void expect(const OpCost& declared) {
    EXPECT_EQ(measured.payload, declared.payload[index(party.id())]) << "party " << index(party.id());
    EXPECT_EQ(measured.rounds, declared.rounds) << "party " << index(party.id());
  }
};

void in_both_profiles(const std::function<void(Session&, const Profile&)>& body) {
  for (const char* name : {"lan", "wan"})
    for (Isa isa : runnable_isas()) {
      const Profile& profile = profile_named(name);
      run_parties(
          3,
          [&](Party& party) {
            Aby3Engine engine(party, profile);
            Session session{engine, party, {}};
            body(session, profile);
          },
          testing::CoinsKind::Fresh, isa);
    }
}

/// The same numbers at every party: random ones within [-2^bits, 2^bits), extremes first.
RingTensor numbers(std::size_t n, unsigned bits, std::uint64_t seed) {
  std::mt19937_64 rng(seed);
  RingTensor t(Shape{n});
  const auto limit = static_cast<std::int64_t>((Word{1} << bits) - 1);
  const std::int64_t extremes[] = {0, 1, -1, limit, -limit, limit - 1, -limit - 1, limit / 2, -limit / 2};
  for (std::size_t i = 0; i < n; ++i) {
    // Wraps in unsigned arithmetic: the smallest number of 64 bits is among them.
    const auto random = static_cast<std::int64_t>((rng() >> (63 - bits)) - static_cast<Word>(limit) - 1);
    t.words[i] = static_cast<Word>(i < 9 ? extremes[i] : random >> (rng() % (bits + 1)));
  }
  return t;
}

Share share(Session& s, const RingTensor& t, unsigned frac, std::size_t owner = 1) {
  return s.engine.input(party_id(owner), index(s.party.id()) == owner ? &t : nullptr, t.shape, frac);
}

TEST(Aby3, SharesAndOpensToWhomItSays) {
  in_both_profiles([](Session& s, const Profile&) {
    for (std::size_t owner = 0; owner < 3; ++owner) {
      const RingTensor t = numbers(100, 62, owner);
      const Share x = s.measure([&] { return share(s, t, 16, owner); });
      s.expect(cost_input(owner, 100));
      for (std::uint32_t to = 1; to < 8; ++to) {
        const RingTensor got = s.measure([&] { return OpenSesame::open(s.engine, x, PartySet{to}); });
        s.expect(cost_open(to, 100, Form::Full));
        if (PartySet{to}.has(s.party.id()))
          EXPECT_TRUE(got.words == t.words);
        else
          EXPECT_EQ(got.size(), 0u);
      }
    }
  });
}

TEST(Aby3, ProductsAreExact) {
  in_both_profiles([](Session& s, const Profile&) {
    for (std::size_t n : kSizes) {
      const RingTensor a = numbers(n, 62, n), b = numbers(n, 62, n + 1);
      const Share x = share(s, a, 3), y = share(s, b, 4, 2);
      const Share sum = s.measure([&] { return s.engine.bilinear(Bilinear::mul(), x, y); });
      s.expect(OpCost{std::vector<std::uint64_t>(3), 0});
      const Share z = s.measure([&] { return s.engine.settle(sum); });
      s.expect(cost_settle(n));
      EXPECT_EQ(z.frac, 7u);
      const RingTensor got = OpenSesame::open(s.engine, z), direct = OpenSesame::open(s.engine, sum);
      for (std::size_t i = 0; i < n; ++i) {
        ASSERT_EQ(got.words[i], a.words[i] * b.words[i]) << n;
        ASSERT_EQ(direct.words[i], a.words[i] * b.words[i]) << n;
      }
    }
  });
}

TEST(Aby3, TruncationIsOffByLessThanAUnitAndNeverGrossly) {
  in_both_profiles([](Session& s, const Profile& profile) {
    for (std::size_t n : kSizes)
      for (unsigned bits : {1u, 8u, 16u, 23u, 32u, 45u, 62u})
        for (Form form : {Form::Full, Form::Sum}) {
          const RingTensor t = numbers(n, 62, n + bits);
          Share x = share(s, t, bits + 2);
          if (form == Form::Sum) {
            RingTensor one(Shape{n});
            std::fill(one.words.begin(), one.words.end(), 1);
            x = s.engine.bilinear(Bilinear::mul(), x, share(s, one, 0));
          }
          const Share y = s.measure([&] { return s.engine.trunc(x, bits); });
          s.expect(cost_trunc(form, n, bits, profile));
          EXPECT_EQ(y.frac, 2u);
          const RingTensor got = OpenSesame::open(s.engine, y);
          for (std::size_t i = 0; i < n; ++i) {
            const auto z = static_cast<std::int64_t>(t.words[i]);
            const std::int64_t floor = z >> bits, error = static_cast<std::int64_t>(got.words[i]) - floor;
            const bool exact = (z & static_cast<std::int64_t>((Word{1} << bits) - 1)) == 0;
            ASSERT_TRUE(error == 0 || (error == 1 && !exact))
                << n << " " << bits << " " << z << " error " << error;
          }
        }
  });
}

TEST(Aby3, TruncationIsUnbiased) {
  run_parties(3, [](Party& party) {
    Aby3Engine engine(party, profile_named("lan"));
    Session s{engine, party, {}};
    const std::size_t n = 200000;
    RingTensor t(Shape{n});
    std::fill(t.words.begin(), t.words.end(), Word{0} - 19661);  // -0.3 units of 2^16
    const RingTensor got = OpenSesame::open(engine, engine.trunc(share(s, t, 16), 16));
    double sum = 0;
    for (Word w : got.words) sum += static_cast<double>(static_cast<std::int64_t>(w));
    // The mean is -0.3 with a standard deviation of sqrt(0.3·0.7/n); six of them.
    EXPECT_NEAR(sum / n, -0.3, 6 * std::sqrt(0.21 / n));
  });
}

TEST(Aby3, SignsAndRectifiedValuesAreExact) {
  in_both_profiles([](Session& s, const Profile& profile) {
    for (std::size_t n : kSizes)
      for (unsigned width : {2u, 5u, 17u, 32u, 48u, 49u, 63u, 64u}) {
        const RingTensor t = numbers(n, width - 1, n + width);
        const Share x = share(s, t, 16);
        const Share sign = s.measure([&] { return s.engine.msb(x, width); });
        s.expect(cost_compare(n, width, false, profile));
        const auto r = s.measure([&] { return s.engine.relu(x, width); });
        s.expect(cost_compare(n, width, true, profile));
        const auto negative = bits_as_words(OpenSesame::open(s.engine, sign), n);
        const auto positive = bits_as_words(OpenSesame::open(s.engine, r.positive), n);
        const RingTensor value = OpenSesame::open(s.engine, r.value);
        for (std::size_t i = 0; i < n; ++i) {
          const bool less = static_cast<std::int64_t>(t.words[i]) < 0;
          ASSERT_EQ(negative[i], Word{less}) << n << " " << width << " " << i;
          ASSERT_EQ(positive[i], Word{!less});
          ASSERT_EQ(value.words[i], less ? 0 : t.words[i]);
        }
      }
  });
}

TEST(Aby3, LargeComparisonsGoInGroupsAtTheRoundsOfOne) {
  run_parties(3, [](Party& party) {
    Aby3Engine engine(party, profile_named("lan"));
    Session s{engine, party, {}};
    const std::size_t n = 2 * kCompareGroup + 777;
    const RingTensor t = numbers(n, 47, 5);
    const Share x = share(s, t, 16);
    const auto r = s.measure([&] { return engine.relu(x, 48); });
    s.expect(cost_compare(n, 48, true, profile_named("lan")));
    const RingTensor value = OpenSesame::open(engine, r.value);
    for (std::size_t i = 0; i < n; ++i)
      ASSERT_EQ(value.words[i], static_cast<std::int64_t>(t.words[i]) < 0 ? 0 : t.words[i]);
  });
}

TEST(Aby3, BitsAndNumbersConvert) {
  in_both_profiles([](Session& s, const Profile&) {
    for (std::size_t n : kSizes) {
      const RingTensor t = numbers(n, 62, n), other = numbers(n, 62, n + 7);
      const Share x = share(s, t, 16), v = share(s, other, 9);
      for (unsigned bits : {1u, 2u, 13u, 64u}) {
        const Share b = s.measure([&] { return s.engine.to_bool(x, bits); });
        s.expect(cost_to_bool(n, bits));
        const auto got = bits_as_words(OpenSesame::open(s.engine, b), n);
        const Word mask = bits == 64 ? ~Word{0} : (Word{1} << bits) - 1;
        for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(got[i], t.words[i] & mask) << n << " " << bits;
      }
      const Share sign = s.engine.msb(x, 64);
      const Share number = s.measure([&] { return s.engine.to_arith(sign, 5); });
      s.expect(cost_to_arith(n));
      const Share chosen = s.measure([&] { return s.engine.select(sign, v); });
      s.expect(cost_select(n));
      const RingTensor a = OpenSesame::open(s.engine, number), c = OpenSesame::open(s.engine, chosen);
      for (std::size_t i = 0; i < n; ++i) {
        const bool less = static_cast<std::int64_t>(t.words[i]) < 0;
        ASSERT_EQ(a.words[i], less ? 32u : 0u);
        ASSERT_EQ(c.words[i], less ? other.words[i] : 0u);
      }
    }
  });
}

const Piecewise kTables[] = {
    {"reciprocal", [](double x) { return 1 / x; }, 1, -1, 5, 6, 2.0, 2e-5},
    {"exp", [](double x) { return std::exp(x); }, -16, 0, 4, 6, 3.0, 1e-6},
    {"sine", [](double x) { return std::sin(x); }, -3, -1, 4, 3, 1.0, 1e-3},
};

TEST(Aby3, PiecewiseFunctionsStayWithinTheirError) {
  in_both_profiles([](Session& s, const Profile& profile) {
    for (const Piecewise& f : kTables)
      for (std::size_t n : {1, 100, 193}) {
        std::vector<double> points(n);
        for (std::size_t i = 0; i < n; ++i)
          points[i] =
              f.low + (f.high() - f.low) * (n == 1 ? 0.0 : static_cast<double>(i) / static_cast<double>(n));
        const RingTensor t({n}, encode_fixed(points, 16));
        const Share x = share(s, t, 16);
        const Share y = s.measure([&] { return s.engine.piecewise(x, f, 16); });
        s.expect(cost_piecewise(n, f, 16, profile));
        const auto got = decode_fixed(OpenSesame::open(s.engine, y).words, 16);
        const auto generic =
            decode_fixed(OpenSesame::open(s.engine, s.engine.Engine::piecewise(x, f, 16)).words, 16);
        for (std::size_t i = 0; i < n; ++i) {
          const double expected = f.f(decode_fixed(t.words[i], 16));
          ASSERT_NEAR(got[i], expected, f.error + 1.0 / 65536) << f.name << " at " << points[i];
          ASSERT_NEAR(generic[i], expected, f.error + 2.0 / 65536) << f.name << " generic at " << points[i];
        }
      }
  });
}

TEST(Aby3, TheGenericWaysAgreeToo) {
  run_parties(3, [](Party& party) {
    Aby3Engine engine(party, profile_named("lan"));
    Session s{engine, party, {}};
    const std::size_t n = 321;
    const RingTensor t = numbers(n, 40, 1);
    const Share x = share(s, t, 16);
    const auto r = engine.Engine::relu(x, 48);
    const Share sign = engine.Engine::msb(x, 48), chosen = engine.Engine::select(sign, x);
    const RingTensor value = OpenSesame::open(engine, r.value), negative = OpenSesame::open(engine, chosen);
    for (std::size_t i = 0; i < n; ++i) {
      const bool less = static_cast<std::int64_t>(t.words[i]) < 0;
      ASSERT_EQ(value.words[i], less ? 0 : t.words[i]);
      ASSERT_EQ(negative.words[i], less ? t.words[i] : 0);
    }
  });
}

TEST(Aby3, OutsidersShareAndReceive) {
  const RingTensor secret = numbers(300, 62, 3);
  std::mt19937_64 rng(9);
  std::vector<RingTensor> components(3, RingTensor(Shape{300}));
  for (std::size_t i = 0; i < 300; ++i) {
    components[0].words[i] = rng(), components[1].words[i] = rng();
    components[2].words[i] = secret.words[i] - components[0].words[i] - components[1].words[i];
  }
  std::mutex mutex;
  RingTensor received = RingTensor::zeros({300});
  run_parties(3, [&](Party& party) {
    Aby3Engine engine(party, profile_named("lan"));
    std::vector<RingTensor> own;
    const auto sets = engine.component_sets();
    for (unsigned c : sets[index(party.id())]) own.push_back(components[c]);
    const Share x = engine.adopt(std::move(own), {300}, 16);
    EXPECT_TRUE(OpenSesame::open(engine, x).words == secret.words);
    const RingTensor part = OpenSesame::summand(engine, x);
    const std::lock_guard lock(mutex);
    for (std::size_t i = 0; i < 300; ++i) received.words[i] += part.words[i];
  });
  EXPECT_TRUE(received.words == secret.words);
}

TEST(Aby3, LocalArithmetic) {
  run_parties(3, [](Party& party) {
    Aby3Engine engine(party, profile_named("lan"));
    Session s{engine, party, {}};
    const RingTensor a = numbers(50, 40, 1), b = numbers(50, 40, 2);
    const Share x = share(s, a, 16), y = share(s, b, 16);
    const std::vector<double> reals(50, -1.25);
    auto expect = [&](const Share& got, unsigned frac, auto f) {
      EXPECT_EQ(got.frac, frac);
      const RingTensor t = OpenSesame::open(engine, got);
      for (std::size_t i = 0; i < 50; ++i) ASSERT_EQ(t.words[i], f(a.words[i], b.words[i]));
    };
    expect(engine.add(x, y), 16, [](Word p, Word q) { return p + q; });
    expect(engine.sub(x, y), 16, [](Word p, Word q) { return p - q; });
    expect(engine.negate(x), 16, [](Word p, Word) { return 0 - p; });
    expect(engine.scale(x, -3), 16, [](Word p, Word) { return p * static_cast<Word>(-3); });
    expect(engine.scale_each(x, reals, 2), 18, [](Word p, Word) { return p * static_cast<Word>(-5); });
    expect(engine.add_public(x, reals), 16, [](Word p, Word) { return p - 81920; });
    expect(engine.lift(x, 4), 20, [](Word p, Word) { return p << 4; });
    expect(engine.move_point(x, 3), 13, [](Word p, Word) { return p; });
    const Share product = engine.bilinear(Bilinear::mul(), x, y);
    expect(engine.add_public(product, reals), 32, [](Word p, Word q) { return p * q - (Word{5} << 30); });
    expect(engine.constant(a, Domain::Arith, 16), 16, [](Word p, Word) { return p; });
    expect(engine.loosen(x), 16, [](Word p, Word) { return p; });
    expect(engine.add(product, engine.loosen(engine.lift(x, 16))), 32,
           [](Word p, Word q) { return p * q + (p << 16); });
    const RingTensor sums = OpenSesame::open(engine, engine.sum_runs(x, 10, {5}));
    for (std::size_t g = 0; g < 5; ++g) {
      Word expected = 0;
      for (std::size_t i = 0; i < 10; ++i) expected += a.words[10 * g + i];
      ASSERT_EQ(sums.words[g], expected);
    }
  });
}

}  // namespace
}  // namespace tacit::aby3
