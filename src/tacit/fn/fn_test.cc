// Secure functions on every engine, against the functions themselves.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>

#include "tacit/base/error.h"
#include "tacit/fn/access.h"
#include "tacit/fn/approx/approx.h"
#include "tacit/fn/approx/elementary.h"
#include "tacit/fn/approx/tables.h"
#include "tacit/mpc/polynomial.h"
#include "tacit/mpc/protocols/aby3/engine.h"
#include "tacit/mpc/protocols/plain/engine.h"
#include "tacit/mpc/testing/conformance.h"

namespace tacit::fn {
namespace {

/// Runs `body` on plain fixed point, on doubles, and on aby3 with several f.
void on_every_engine(const std::function<void(Ctx&)>& body, std::initializer_list<unsigned> fracs = {16}) {
  Workers workers(1);
  const Compute compute{ring_kernels(detect_isa()), workers};
  for (unsigned f : fracs) {
    plain::PlainEngine fixed(compute);
    plain::DoubleEngine real(compute);
    Ctx fixed_ctx{fixed, f}, real_ctx{real, f};
    body(fixed_ctx);
    body(real_ctx);
    testing::run_parties(3, [&](Party& party) {
      aby3::Aby3Engine engine(party, profile_named("lan"));
      Ctx ctx{engine, f};
      body(ctx);
    });
  }
}

std::vector<double> open(Ctx& ctx, const Secret<Real>& x) {
  const RingTensor t = testing::OpenSesame::open(ctx.mpc, Access::look(x));
  return ctx.mpc.decode(t.words, ctx.frac);
}
std::vector<Word> open(Ctx& ctx, const Secret<Bit>& x) {
  return testing::bits_as_words(testing::OpenSesame::open(ctx.mpc, Access::look(x)), x.size());
}

Secret<Real> share(Ctx& ctx, const PublicTensor& t) {
  return input(ctx, party_id(0), index(ctx.mpc.self()) == 0 ? &t : nullptr, t.shape);
}

PublicTensor uniform(const Shape& shape, double low, double high, unsigned frac, unsigned seed = 1) {
  std::mt19937_64 rng(seed);
  std::uniform_real_distribution<double> d(low, high);
  PublicTensor t{shape, std::vector<double>(elements(shape))};
  for (double& v : t.values) v = std::ldexp(std::nearbyint(std::ldexp(d(rng), int(frac))), -int(frac));
  return t;
}

void expect_function(double low, double high,
                     const std::function<Secret<Real>(Ctx&, const Secret<Real>&)>& secure,
                     double (*exact)(double), double relative, double ulps) {
  on_every_engine(
      [&](Ctx& ctx) {
        PublicTensor t = uniform({400}, low, high, ctx.frac);
        t.values[0] = low, t.values[1] = high;
        const auto got = open(ctx, secure(ctx, share(ctx, t)));
        for (std::size_t i = 0; i < got.size(); ++i) {
          const double want = exact(t.values[i]);
          ASSERT_NEAR(got[i], want, std::fabs(want) * relative + ulps * std::ldexp(1.0, -int(ctx.frac)))
              << "at " << t.values[i] << " with f = " << ctx.frac;
        }
      },
      {16, 13});
}

TEST(Fn, ElementaryFunctionsAreThoseOfTheLibrary) {
  auto near = [](double (*own)(double), double (*exact)(double), double low, double high, double bound) {
    for (int i = 0; i <= 100000; ++i) {
      const double x = low + (high - low) * i / 100000, want = exact(x);
      ASSERT_NEAR(own(x), want, bound * std::max(1.0, std::fabs(want))) << "at " << x;
    }
  };
  const double fine = std::ldexp(1.0, -48);
  near(exponential, std::exp, -1, 300, fine);
  near([](double x) { return exponential(x) * std::exp(-x); }, [](double) { return 1.0; }, -300, 0, fine);
  near(logarithm, std::log, 1e-3, 100, fine);
  near([](double x) { return logarithm(std::exp(x)); }, [](double x) { return x; }, -600, 600, fine);
  near(
      logistic, [](double x) { return 1 / (1 + std::exp(-x)); }, -40, 40, fine);
  near(hyperbolic_tangent, std::tanh, -20, 20, fine);
  near(error_function, std::erf, -9, 9, std::ldexp(1.0, -38));
  const double coarser = std::ldexp(1.0, -33);
  const auto half_less = [](double x) { return x / 2 * std::erfc(-x / std::numbers::sqrt2); };
  near(gaussian_unit, half_less, -9, 9, coarser);
  // Each slope is the derivative, by central differences.
  near(
      gaussian_unit_slope,
      [](double x) { return (gaussian_unit(x + 1e-4) - gaussian_unit(x - 1e-4)) / 2e-4; }, -9, 9, 1e-6);
  near(
      gaussian_unit_by_tanh_slope,
      [](double x) { return (gaussian_unit_by_tanh(x + 1e-4) - gaussian_unit_by_tanh(x - 1e-4)) / 2e-4; }, -9,
      9, 1e-6);
  EXPECT_EQ(logarithm(1), 0);
  EXPECT_EQ(exponential(0), 1);
  EXPECT_NEAR(error_function(0), 0, fine);
}

TEST(Fn, TablesKeepTheirError) {
  for (const Piecewise* f : all_tables()) {
    const double width = std::ldexp(1.0, f->step_log2);
    double worst = 0;
    for (double begin = f->low - 0.9 * width; begin < f->high(); begin += width / 7) {
      const auto c = fit_polynomial(f->f, begin, width, f->degree, begin);
      for (double t = 0; t <= 1; t += 1.0 / 64) {
        const double x = begin + t * width;
        if (x < f->low || x > f->high() || (f == &kExpWide && x > 10.3)) continue;  // it is clipped there
        double y = 0;
        for (std::size_t j = c.size(); j-- > 0;) y = y * (t * width) + c[j];
        worst = std::max(worst, std::fabs(y - f->f(x)));
        if (f->factor != nullptr)
          worst = std::max(worst, std::fabs(f->f(begin) * f->factor(t * width) - f->f(x)));
        ASSERT_LE(std::fabs(f->f(x)), f->bound * 1.0001) << f->name << " at " << x;
      }
    }
    EXPECT_LE(worst, f->error) << f->name;
    EXPECT_GE(worst, f->error / 30) << f->name << ": a smaller error could be declared";
  }
}

TEST(Fn, Exponentials) {
  expect_function(
      -40, 0, exp_nonpositive, [](double x) { return std::exp(x); }, 0, 3);
  expect_function(
      -20, 10, fn::exp, [](double x) { return std::exp(x); }, std::ldexp(1, -13), 5);
  expect_function(
      -40, 40, sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }, 0, 3);
  expect_function(
      -40, 40, fn::tanh, [](double x) { return std::tanh(x); }, 0, 3);
  expect_function(
      -9, 9, fn::erf, [](double x) { return std::erf(x); }, 0, 3);
  expect_function(
      -9, 9, erf_slope, [](double x) { return 2 / std::sqrt(std::numbers::pi) * std::exp(-x * x); }, 0, 8);
  const auto normal = [](double x) { return x / 2 * std::erfc(-x / std::numbers::sqrt2); };
  expect_function(-40, 40, fn::gelu, normal, 0, 3);
  expect_function(
      -40, 40, fn::gelu_slope,
      [](double x) {
        return std::erfc(-x / std::numbers::sqrt2) / 2 +
               x * std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi);
      },
      0, 3);
  const auto by_tanh = [](double x) {
    return x / 2 * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
  };
  expect_function(-40, 40, fn::gelu_by_tanh, by_tanh, 0, 3);
  expect_function(
      -40, 40, fn::gelu_by_tanh_slope,
      [](double x) {
        const double inner = std::sqrt(2 / std::numbers::pi);
        const double t = std::tanh(inner * (x + 0.044715 * x * x * x));
        return (1 + t) / 2 + x / 2 * (1 - t * t) * inner * (1 + 3 * 0.044715 * x * x);
      },
      0, 3);
  expect_function(
      -40, 40, softplus, [](double x) { return std::log1p(std::exp(x)); }, 0, 5);
}

TEST(Fn, FunctionsOfAnyMagnitude) {
  const double tiny = std::ldexp(1, -8);
  for (double high : {1.0, 3000.0}) {
    expect_function(
        tiny, high, reciprocal, [](double x) { return 1 / x; }, std::ldexp(1, -13), 2);
    expect_function(
        -high, -tiny, reciprocal, [](double x) { return 1 / x; }, std::ldexp(1, -13), 2);
    expect_function(
        tiny, high, rsqrt, [](double x) { return 1 / std::sqrt(x); }, std::ldexp(1, -13), 2);
    expect_function(
        tiny, high, fn::sqrt, [](double x) { return std::sqrt(x); }, std::ldexp(1, -13), 2);
    expect_function(
        tiny, high, fn::log, [](double x) { return std::log(x); }, std::ldexp(1, -13), 3);
  }
  expect_function(
      1, 16, [](Ctx& c, const Secret<Real>& x) { return reciprocal_up_to(c, x, 16); },
      [](double x) { return 1 / x; }, 0, 3);
  expect_function(
      1, 60, [](Ctx& c, const Secret<Real>& x) { return log_up_to(c, x, 60); },
      [](double x) { return std::log(x); }, 0, 3);
}

TEST(Fn, Softmax) {
  on_every_engine([](Ctx& ctx) {
    for (std::size_t classes : {2, 10, 33}) {
      const PublicTensor t = uniform({20, classes}, -12, 12, ctx.frac);
      const Softmax s = softmax_last(ctx, share(ctx, t));
      const auto p = open(ctx, s.probabilities);
      for (std::size_t r = 0; r < 20; ++r) {
        double total = 0, top = -1e9;
        for (std::size_t c = 0; c < classes; ++c) top = std::max(top, t.values[r * classes + c]);
        for (std::size_t c = 0; c < classes; ++c) total += std::exp(t.values[r * classes + c] - top);
        for (std::size_t c = 0; c < classes; ++c)
          ASSERT_NEAR(p[r * classes + c], std::exp(t.values[r * classes + c] - top) / total, 1e-4);
      }
    }
  });
}

TEST(Fn, MaximaAndWhoHasThem) {
  on_every_engine([](Ctx& ctx) {
    for (std::size_t n : {1, 2, 3, 10, 17, 40}) {
      PublicTensor t = uniform({30, n}, -100, 100, 2);  // a coarse grid, so that there are ties
      const Secret<Real> x = share(ctx, t);
      const auto top = open(ctx, max_last(ctx, x));
      const auto hot = open(ctx, argmax_last(ctx, x));
      for (std::size_t r = 0; r < 30; ++r) {
        const auto begin = t.values.begin() + long(r * n);
        const auto best = std::max_element(begin, begin + long(n));
        ASSERT_EQ(top[r], *best);
        for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(hot[r * n + i], Word{begin + long(i) == best}) << n;
      }
    }
  });
}

TEST(Fn, PlacesOfMaximaAreTheFirstOfEquals) {
  on_every_engine([](Ctx& ctx) {
    for (std::size_t n : {1, 2, 3, 16, 17, 31, 32, 40}) {
      const PublicTensor t = uniform({5, 4, n}, -2, 2, 0, unsigned(n));  // integers, so that there are ties
      const Secret<Real> places = argmax_place(ctx, share(ctx, t));
      ASSERT_EQ(places.shape(), (Shape{5, 4}));
      const auto got = open(ctx, places);
      for (std::size_t r = 0; r < 20; ++r) {
        const auto begin = t.values.begin() + long(r * n);
        ASSERT_EQ(got[r], double(std::max_element(begin, begin + long(n)) - begin)) << n;
      }
    }
  });
}

TEST(Fn, TournamentsAwardTheWinner) {
  on_every_engine([](Ctx& ctx) {
    for (std::size_t n : {1, 2, 3, 4, 5, 9}) {
      const PublicTensor t = uniform({n, 7, 10}, -4, 4, 1, unsigned(n)),
                         prize = uniform({7, 10}, 1, 9, ctx.frac, 99);
      const Tournament game = tournament(ctx, share(ctx, t));
      const auto value = open(ctx, game.value), prizes = open(ctx, award(ctx, game, share(ctx, prize)));
      for (std::size_t e = 0; e < 70; ++e) {
        double best = -1e9;
        std::size_t awarded = 0;
        for (std::size_t i = 0; i < n; ++i) best = std::max(best, t.values[i * 70 + e]);
        ASSERT_EQ(value[e], best);
        for (std::size_t i = 0; i < n; ++i)
          if (prizes[i * 70 + e] != 0) {
            ++awarded;
            ASSERT_EQ(prizes[i * 70 + e], prize.values[e]);
            ASSERT_EQ(t.values[i * 70 + e], best);
          }
        ASSERT_EQ(awarded, 1u);
      }
    }
  });
}

TEST(Fn, ChoicesAndClips) {
  on_every_engine([](Ctx& ctx) {
    const PublicTensor a = uniform({2, 35}, -5, 5, ctx.frac, 1), b = uniform({2, 35}, -5, 5, ctx.frac, 2);
    const Secret<Real> x = share(ctx, a), y = share(ctx, b);
    const auto bit = less(ctx, x, y);
    const auto bits = open(ctx, bit), both = open(ctx, bit_and(ctx, bit, bit_not(ctx, is_negative(ctx, x))));
    const auto smaller = open(ctx, select(ctx, bit, x, y)), ones = open(ctx, to_real(ctx, bit));
    const Clipped cut = clipped(ctx, x, -1, 2.5);
    const auto clip_values = open(ctx, clip(ctx, x, -1, 2.5)), cut_values = open(ctx, cut.value);
    const auto inside = open(ctx, cut.inside), same = open(ctx, equal(ctx, x, select(ctx, bit, x, y)));
    for (std::size_t i = 0; i < 70; ++i) {
      ASSERT_EQ(bits[i], Word{a.values[i] < b.values[i]});
      ASSERT_EQ(both[i], Word{a.values[i] < b.values[i] && a.values[i] >= 0});
      ASSERT_EQ(smaller[i], std::min(a.values[i], b.values[i]));
      ASSERT_EQ(ones[i], a.values[i] < b.values[i] ? 1.0 : 0.0);
      ASSERT_EQ(clip_values[i], std::clamp(a.values[i], -1.0, 2.5));
      ASSERT_EQ(cut_values[i], clip_values[i]);
      ASSERT_EQ(inside[i], Word{a.values[i] >= -1 && a.values[i] < 2.5});
      ASSERT_EQ(same[i], Word{a.values[i] <= b.values[i]});
    }
  });
}

TEST(Fn, ShapesAndSums) {
  on_every_engine([](Ctx& ctx) {
    const PublicTensor t = uniform({2, 3, 4}, -5, 5, ctx.frac);
    const Secret<Real> x = share(ctx, t);
    const std::size_t axes[] = {2, 0, 1}, middle[] = {1}, ends[] = {0, 2};
    auto at = [&](std::size_t i, std::size_t j, std::size_t k) { return t.values[(i * 3 + j) * 4 + k]; };
    const auto moved = open(ctx, transpose(ctx, x, axes)), one = open(ctx, sum(ctx, x, middle)),
               two = open(ctx, sum(ctx, x, ends));
    for (std::size_t i = 0; i < 2; ++i)
      for (std::size_t k = 0; k < 4; ++k) {
        ASSERT_NEAR(one[i * 4 + k], at(i, 0, k) + at(i, 1, k) + at(i, 2, k), 1e-9);
        for (std::size_t j = 0; j < 3; ++j) ASSERT_EQ(moved[(k * 2 + i) * 3 + j], at(i, j, k));
      }
    for (std::size_t j = 0; j < 3; ++j) {
      double total = 0;
      for (std::size_t i = 0; i < 2; ++i)
        for (std::size_t k = 0; k < 4; ++k) total += at(i, j, k);
      ASSERT_NEAR(two[j], total, 1e-9);
    }
    const PublicTensor row = uniform({3, 1}, -5, 5, ctx.frac);
    const Secret<Real> wide = broadcast_to(ctx, share(ctx, row), {2, 3, 4});
    const auto spread = open(ctx, wide), back = open(ctx, sum_to(ctx, wide, {3, 1}));
    for (std::size_t j = 0; j < 3; ++j) {
      ASSERT_EQ(spread[12 + j * 4 + 3], row.values[j]);
      ASSERT_NEAR(back[j], 8 * row.values[j], 1e-9);
    }
    EXPECT_THROW(reshape(ctx, x, {5}), UsageError);
  });
}

TEST(Fn, ProductsNeedTruncationAndGetIt) {
  on_every_engine([](Ctx& ctx) {
    const PublicTensor a = uniform({5, 7}, -3, 3, ctx.frac, 1), b = uniform({7, 4}, -3, 3, ctx.frac, 2);
    const Secret<Wide> z = matmul(ctx, share(ctx, a), share(ctx, b));
    const Secret<Wide> twice = add(ctx, z, lift(ctx, trunc(ctx, z)));
    const Secret<Wide>* both[] = {&z, &twice};
    const auto out = trunc(ctx, both);
    const auto once = open(ctx, out[0]), doubled = open(ctx, out[1]),
               third = open(ctx, scaled(ctx, out[0], 1.0 / 3));
    for (std::size_t i = 0; i < 5; ++i)
      for (std::size_t j = 0; j < 4; ++j) {
        double want = 0;
        for (std::size_t k = 0; k < 7; ++k) want += a.values[i * 7 + k] * b.values[k * 4 + j];
        const double ulp = std::ldexp(1.0, -int(ctx.frac));
        ASSERT_NEAR(once[i * 4 + j], want, ulp);
        ASSERT_NEAR(doubled[i * 4 + j], 2 * want, 3 * ulp);
        ASSERT_NEAR(third[i * 4 + j], want / 3, 12 * ulp);
      }
  });
}

TEST(Fn, PublicFactorsKeepTheirDigits) {
  on_every_engine(
      [](Ctx& ctx) {
        const PublicTensor a = uniform({40}, -3000, 3000, ctx.frac, 3);
        const Secret<Real> x = share(ctx, a);
        for (double factor : {1.0 / 3, 1e-3, 1.0 / 60000, 7.25, 0.0}) {
          std::vector<double> alternating(40, factor);
          for (std::size_t i = 1; i < 40; i += 2) alternating[i] = -factor;
          const auto one = open(ctx, scaled(ctx, x, factor)), each = open(ctx, scaled(ctx, x, alternating));
          for (std::size_t i = 0; i < 40; ++i) {
            const double want = a.values[i] * factor, ulp = std::ldexp(1.0, -int(ctx.frac));
            ASSERT_NEAR(one[i], want, ulp * (1 + std::fabs(want))) << factor;
            ASSERT_NEAR(each[i], i % 2 == 0 ? want : -want, ulp * (1 + std::fabs(want))) << factor;
          }
        }
        std::vector<double> integers(40);
        for (std::size_t i = 0; i < 40; ++i) integers[i] = double(i) - 20;
        const auto exact = open(ctx, scale_each(ctx, x, integers));
        for (std::size_t i = 0; i < 40; ++i) ASSERT_EQ(exact[i], a.values[i] * integers[i]);
      },
      {16, 13});
}

}  // namespace
}  // namespace tacit::fn
