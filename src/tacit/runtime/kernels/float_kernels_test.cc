// Every instruction set's float kernels, held to double precision and to loops without any tricks.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <vector>

#include "tacit/runtime/kernels/kernels.h"

namespace tacit::runtime {
namespace {

using Floats = std::vector<float>;

Floats drawn(std::size_t n, float low, float high, unsigned seed) {
  std::mt19937 rng(seed);
  std::uniform_real_distribution<float> d(low, high);
  Floats out(n);
  for (float& v : out) v = d(rng);
  return out;
}

class FloatKernelsOf : public ::testing::TestWithParam<Isa> {
 protected:
  const FloatKernels& k = float_kernels(GetParam());

  Floats apply(Unary u, const Floats& x, const std::vector<float>& p = {0, 0, 0}) const {
    Floats out(x.size());
    k.unary[static_cast<std::size_t>(u)](x.size(), x.data(), p.data(), out.data());
    return out;
  }
  Floats apply(Binary b, const Floats& x, const Floats& y) const {
    Floats out(std::max(x.size(), y.size()));
    k.binary[static_cast<std::size_t>(b)](out.size(), x.data(), x.size() > 1, y.data(), y.size() > 1,
                                          out.data());
    return out;
  }
};

/// Units in the last place of the float next to `want`.
double units(float got, double want) {
  const float near = static_cast<float>(want);
  if (got == near || (std::isnan(got) && std::isnan(want))) return 0;
  if (!std::isfinite(got) || !std::isfinite(near)) return std::numeric_limits<double>::infinity();
  const float next = std::nextafter(std::fabs(near), std::numeric_limits<float>::infinity());
  return std::fabs(static_cast<double>(got) - want) / (static_cast<double>(next) - std::fabs(near));
}

TEST_P(FloatKernelsOf, FunctionsAreThoseOfDoublePrecision) {
  struct Row {
    Unary function;
    double (*f)(double);
    float low, high;
    double bound;
  };
  const Row rows[] = {
      {Unary::Exp, [](double x) { return std::exp(x); }, -86, 88, 2},
      {Unary::Exp, [](double x) { return std::exp(x); }, -1, 1, 2},
      {Unary::Log, [](double x) { return std::log(x); }, 1e-3f, 3, 3},
      {Unary::Log, [](double x) { return std::log(x); }, 3, 1e30f, 3},
      {Unary::Tanh, [](double x) { return std::tanh(x); }, -1, 1, 3},
      {Unary::Tanh, [](double x) { return std::tanh(x); }, -30, 30, 3},
      {Unary::Sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }, -80, 30, 4},
      {Unary::Erf, [](double x) { return std::erf(x); }, -1.5f, 1.5f, 4},
      {Unary::Erf, [](double x) { return std::erf(x); }, -9, 9, 4},
      {Unary::Sqrt, [](double x) { return std::sqrt(x); }, 0, 1e6f, 1},
      {Unary::Rsqrt, [](double x) { return 1 / std::sqrt(x); }, 1e-3f, 1e6f, 2},
      {Unary::Reciprocal, [](double x) { return 1 / x; }, 0.1f, 100, 1},
      {Unary::Softsign, [](double x) { return x / (1 + std::fabs(x)); }, -50, 50, 2},
      {Unary::Abs, [](double x) { return std::fabs(x); }, -5, 5, 0},
      {Unary::Neg, [](double x) { return -x; }, -5, 5, 0},
      {Unary::Not, [](double x) { return 1 - x; }, 0, 1, 1},
      {Unary::Square, [](double x) { return x * x; }, -5, 5, 1},
      {Unary::Sign, [](double x) { return static_cast<double>((x > 0) - (x < 0)); }, -5, 5, 0},
  };
  for (const Row& row : rows) {
    const Floats x = drawn(4099, row.low, row.high, 7), y = apply(row.function, x);
    for (std::size_t i = 0; i < x.size(); ++i)
      ASSERT_LE(units(y[i], row.f(static_cast<double>(x[i]))), row.bound)
          << static_cast<int>(row.function) << " of " << x[i] << " is " << y[i];
  }
}

TEST_P(FloatKernelsOf, FunctionsOfWhichSmallResultsMatterLess) {
  struct Row {
    Unary function;
    std::function<double(double)> f;
    std::vector<float> p;
  };
  const auto elu = [](double inner, double outer, double below) {
    return [=](double x) { return x < 0 ? below * std::expm1(inner * x) : outer * x; };
  };
  const Row rows[] = {
      {Unary::Gelu, [](double x) { return x / 2 * std::erfc(-x * std::sqrt(0.5)); }, {}},
      {Unary::GeluTanh,
       [](double x) {
         return x / 2 * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
       },
       {}},
      {Unary::Softplus, [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); }, {}},
      {Unary::Elu, elu(1, 1, 1), {1, 1, 1}},
      {Unary::Elu, elu(2, 1.5, 0.25), {2, 1.5, 0.25}},
      {Unary::HardSigmoid, [](double x) { return std::clamp(0.25 * x + 0.5, 0.0, 1.0); }, {0.25, 0.5}},
      {Unary::HardSwish, [](double x) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); }, {}},
      {Unary::Leaky, [](double x) { return x < 0 ? 0.125 * x : x; }, {0.125}},
      {Unary::Clamp, [](double x) { return std::clamp(x, -1.0, 2.0); }, {-1, 2}},
      {Unary::Scale, [](double x) { return 3 * x - 2; }, {3, -2}},
      {Unary::Threshold, [](double x) { return x > 0.5 ? x : 0; }, {0.5}},
  };
  Floats x = drawn(1031, -30, 30, 8);
  const Floats more = drawn(1031, -2, 2, 9);
  x.insert(x.end(), more.begin(), more.end());
  for (const Row& row : rows) {
    const Floats y = apply(row.function, x, row.p);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double from = static_cast<double>(x[i]);
      ASSERT_NEAR(y[i], row.f(from), 4e-7 * std::max(1.0, std::fabs(from)))
          << static_cast<int>(row.function) << " of " << x[i];
    }
  }
}

TEST_P(FloatKernelsOf, FunctionsAtTheEnds) {
  const float inf = std::numeric_limits<float>::infinity(), none = std::nanf("");
  EXPECT_EQ(apply(Unary::Exp, {-inf, -200, inf, 200, 0}), (Floats{0, 0, inf, inf, 1}));
  EXPECT_NEAR(apply(Unary::Exp, {-100})[0], std::exp(-100.0), 2e-45);  // a denormal number
  EXPECT_EQ(apply(Unary::Log, {0, 1, inf}), (Floats{-inf, 0, inf}));
  EXPECT_TRUE(std::isnan(apply(Unary::Log, {-1})[0]));
  EXPECT_NEAR(apply(Unary::Log, {1e-40f})[0], std::log(1e-40), 1e-3);
  EXPECT_EQ(apply(Unary::Tanh, {-inf, inf, 0, 100}), (Floats{-1, 1, 0, 1}));
  EXPECT_EQ(apply(Unary::Erf, {-inf, inf, 0, 100}), (Floats{-1, 1, 0, 1}));
  EXPECT_EQ(apply(Unary::Sigmoid, {-inf, inf, 0}), (Floats{0, 1, 0.5}));
  for (const Unary u : {Unary::Exp, Unary::Log, Unary::Tanh, Unary::Erf, Unary::Sigmoid, Unary::Abs})
    EXPECT_TRUE(std::isnan(apply(u, {none})[0])) << static_cast<int>(u);
}

TEST_P(FloatKernelsOf, Pairs) {
  const auto truth = [](bool b) { return b ? 1.0f : 0.0f; };
  struct Row {
    Binary function;
    std::function<float(float, float)> f;
  };
  const Row rows[] = {
      {Binary::Add, [](float a, float b) { return a + b; }},
      {Binary::Sub, [](float a, float b) { return a - b; }},
      {Binary::Mul, [](float a, float b) { return a * b; }},
      {Binary::Div, [](float a, float b) { return a / b; }},
      {Binary::Max, [](float a, float b) { return std::max(a, b); }},
      {Binary::Min, [](float a, float b) { return std::min(a, b); }},
      {Binary::Equal, [&](float a, float b) { return truth(a == b); }},
      {Binary::Less, [&](float a, float b) { return truth(a < b); }},
      {Binary::LessOrEqual, [&](float a, float b) { return truth(a <= b); }},
      {Binary::PRelu, [](float a, float b) { return a < 0 ? a * b : a; }},
  };
  Floats a = drawn(45, -3, 3, 10), b = drawn(45, -3, 3, 11);
  for (std::size_t i = 0; i < a.size(); i += 5) b[i] = a[i];
  for (const Row& row : rows)
    for (const auto& [x, y] : {std::pair(a, b), std::pair(Floats{a[0]}, b), std::pair(a, Floats{b[1]})}) {
      const Floats got = apply(row.function, x, y);
      for (std::size_t i = 0; i < got.size(); ++i)
        ASSERT_FLOAT_EQ(got[i], row.f(x[x.size() > 1 ? i : 0], y[y.size() > 1 ? i : 0]))
            << static_cast<int>(row.function);
    }
  const Floats yes{0, 0, 1, 1}, no{0, 1, 0, 1};
  EXPECT_EQ(apply(Binary::And, yes, no), (Floats{0, 0, 0, 1}));
  EXPECT_EQ(apply(Binary::Or, yes, no), (Floats{0, 1, 1, 1}));
  EXPECT_EQ(apply(Binary::Xor, yes, no), (Floats{0, 1, 1, 0}));
  Floats chosen(4);
  k.choose(4, yes.data(), 1, a.data(), 1, b.data(), 0, chosen.data());
  EXPECT_EQ(chosen, (Floats{b[0], b[0], a[2], a[3]}));
}

TEST_P(FloatKernelsOf, RowsOfNumbers) {
  for (const std::size_t n : {1u, 3u, 16u, 17u, 1000u, 9001u}) {
    const Floats x = drawn(n, -2, 2, static_cast<unsigned>(n));
    double sum = 0, magnitudes = 0, squares = 0, top = -9, least = 9;
    for (const float v : x) {
      const double d = static_cast<double>(v);
      sum += d, magnitudes += std::fabs(d), squares += d * d;
      top = std::max(top, d), least = std::min(least, d);
    }
    const auto row = [&](Row r) { return k.row[static_cast<std::size_t>(r)](n, x.data()); };
    EXPECT_NEAR(row(Row::Sum), sum, 2e-7 * magnitudes);
    EXPECT_NEAR(row(Row::SumOfMagnitudes), magnitudes, 2e-6 * magnitudes);
    EXPECT_NEAR(row(Row::SumOfSquares), squares, 2e-6 * squares);
    EXPECT_EQ(row(Row::Max), static_cast<float>(top));
    EXPECT_EQ(row(Row::Min), static_cast<float>(least));
    double powers = 0;
    for (const float v : x) powers += std::exp(static_cast<double>(v));
    EXPECT_NEAR(k.log_sum(n, x.data()), std::log(powers), 2e-6);
    Floats y(n), logs(n);
    k.softmax(n, x.data(), y.data());
    k.log_softmax(n, x.data(), logs.data());
    for (std::size_t i = 0; i < n; ++i) {
      const double p = std::exp(static_cast<double>(x[i])) / powers;
      ASSERT_NEAR(y[i], p, 1e-6 * p);
      ASSERT_NEAR(logs[i], std::log(p), 4e-6);
    }
    const double mean = sum / static_cast<double>(n);
    double variance = 0;
    for (const float v : x) variance += std::pow(static_cast<double>(v) - mean, 2) / static_cast<double>(n);
    const Floats scale = drawn(n, 0, 2, 20), bias = drawn(n, -1, 1, 21);
    for (const float* b : {bias.data(), static_cast<const float*>(nullptr)}) {
      k.layer_norm(n, x.data(), scale.data(), b, 1e-3f, y.data());
      for (std::size_t i = 0; i < n; ++i)
        ASSERT_NEAR(
            y[i],
            (static_cast<double>(x[i]) - mean) / std::sqrt(variance + 1e-3) * static_cast<double>(scale[i]) +
                (b == nullptr ? 0 : static_cast<double>(b[i])),
            1e-5);
    }
  }
}

/// Where a window's place lies in the image, or beyond it.
const float* place_in(const Plane& p, const float* x, std::size_t row, std::size_t column, std::size_t y,
                      std::size_t z) {
  const std::size_t h = row * p.stride_h + y * p.dilation_h, w = column * p.stride_w + z * p.dilation_w;
  if (h < p.pad_top || w < p.pad_left || h >= p.in_h + p.pad_top || w >= p.in_w + p.pad_left) return nullptr;
  return x + (h - p.pad_top) * p.in_w + w - p.pad_left;
}

TEST_P(FloatKernelsOf, Planes) {
  const Plane planes[] = {{9, 11, 9, 11, 3, 3, 1, 1, 1, 1, 1, 1},  {9, 11, 5, 6, 3, 3, 2, 2, 1, 1, 1, 1},
                          {8, 40, 4, 20, 2, 2, 2, 2, 1, 1, 0, 0},  {9, 40, 5, 36, 3, 3, 1, 1, 2, 2, 0, 0},
                          {7, 7, 3, 3, 3, 2, 3, 3, 1, 1, 1, 1},    {5, 4, 6, 7, 4, 4, 1, 1, 1, 1, 2, 3},
                          {33, 35, 11, 9, 5, 7, 3, 4, 1, 1, 2, 3}, {1, 1, 1, 1, 3, 3, 1, 1, 1, 1, 1, 1}};
  for (const Plane& p : planes) {
    const Floats x = drawn(p.in_h * p.in_w, -1, 1, 30), w = drawn(p.kernel_h * p.kernel_w, -1, 1, 31);
    const Floats each = drawn(p.out_h * p.out_w, 0, 1, 32);
    const float bias = 0.25f;
    Floats top(each.size()), sums(each.size()), weighed(each.size()), plain(each.size());
    k.max_pool(p, x.data(), top.data());
    k.sum_pool(p, x.data(), each.data(), sums.data());
    k.depthwise(p, x.data(), w.data(), {&bias, nullptr, true, 0, 1}, weighed.data());
    k.depthwise(p, x.data(), w.data(), {nullptr, nullptr, false, 0, 0}, plain.data());
    for (std::size_t i = 0; i < each.size(); ++i) {
      float best = -std::numeric_limits<float>::infinity();
      double sum = 0, product = 0;
      for (std::size_t y = 0; y < p.kernel_h; ++y)
        for (std::size_t z = 0; z < p.kernel_w; ++z)
          if (const float* v = place_in(p, x.data(), i / p.out_w, i % p.out_w, y, z)) {
            best = std::max(best, *v);
            sum += static_cast<double>(*v);
            product += static_cast<double>(*v) * static_cast<double>(w[y * p.kernel_w + z]);
          }
      ASSERT_EQ(top[i], best) << i;
      ASSERT_NEAR(sums[i], sum * static_cast<double>(each[i]), 1e-5) << i;
      ASSERT_NEAR(plain[i], product, 1e-5) << i;
      ASSERT_NEAR(weighed[i], std::clamp(product + 0.25, 0.0, 1.0), 1e-5) << i;
    }
  }
}

TEST_P(FloatKernelsOf, EveryOneOfAStride) {
  const Floats x = drawn(200, -1, 1, 33);
  for (const std::size_t stride : {1u, 2u, 3u, 7u})
    for (std::size_t n = 0; n <= (x.size() - 1) / stride + 1; n += n < 40 ? 1 : 13) {
      Floats got(n + 1, 5);
      k.every(n, x.data(), stride, got.data());
      for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(got[i], x[i * stride]) << stride;
      ASSERT_EQ(got[n], 5) << "written beyond " << n;
    }
}

TEST_P(FloatKernelsOf, PanelsOfAnyMatrix) {
  const std::size_t kMost = 41;
  const Floats from = drawn(kMost * 150, -1, 1, 34);
  for (const std::size_t count : {1u, 3u, 4u, 13u, 14u, 31u, 32u, 41u})
    for (const std::size_t steps : {1u, 4u, 5u, 63u, 64u, 65u, 150u})
      for (const bool side_by_side : {false, true}) {  // the steps, or the rows
        const std::size_t outer = side_by_side ? steps : 1, inner = side_by_side ? 1 : count;
        for (const std::size_t width : {count, count + 3, k.nr}) {
          if (width < count) continue;
          Floats panel(width * steps + 1, 5);
          k.pack(from.data(), static_cast<std::ptrdiff_t>(outer), static_cast<std::ptrdiff_t>(inner), count,
                 steps, width, panel.data());
          for (std::size_t s = 0; s < steps; ++s)
            for (std::size_t i = 0; i < width; ++i)
              ASSERT_EQ(panel[s * width + i], i < count ? from[i * outer + s * inner] : 0)
                  << count << " of " << width << ", step " << s << " of " << steps;
          ASSERT_EQ(panel.back(), 5) << "written beyond";
        }
      }
}

INSTANTIATE_TEST_SUITE_P(All, FloatKernelsOf, ::testing::ValuesIn(runnable_isas()),
                         [](const auto& row) { return std::string(to_string(row.param)); });

}  // namespace
}  // namespace tacit::runtime
