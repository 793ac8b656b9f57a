#include "tacit/fn/approx/elementary.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace tacit::fn {

namespace {

constexpr int kMantissa = 52;
constexpr std::int64_t kBias = 1023;
/// Added to a number below 2^51, it leaves the nearest integer in the low bits.
constexpr double kShift = 0x1.8p52;

/// erf on [0, kErfEnd] as a Chebyshev series; beyond, 1 - erf is below 2^-39.
constexpr double kErfEnd = 5;
constexpr unsigned kErfTerms = 48;

std::array<double, kErfTerms> erf_series() {
  std::array<double, kErfTerms> out{};
  for (unsigned j = 0; j < kErfTerms; ++j) {
    for (unsigned k = 0; k < kErfTerms; ++k) {
      const double angle = std::numbers::pi * (k + 0.5) / kErfTerms;
      out[j] += std::erf(kErfEnd / 2 * (1 + std::cos(angle))) * std::cos(j * angle);
    }
    out[j] *= 2.0 / kErfTerms;
  }
  return out;
}

}  // namespace

// x = k ln 2 + r with |r| <= ln 2 / 2; e^r is its Taylor polynomial, whose next term is below 2^-54.
double exponential(double x) {
  constexpr double kLn2High = 0x1.62e42fefa0000p-1, kLn2Low = 0x1.cf79abc9e3b3ap-40;
  const double shifted = x * std::numbers::log2e + kShift;
  const double k = shifted - kShift, r = (x - k * kLn2High) - k * kLn2Low;
  constexpr unsigned kDegree = 13;
  double sum = 1;
  for (unsigned i = kDegree; i > 0; --i) sum = sum * (r * (1.0 / i)) + 1;
  const std::int64_t exponent =
      std::bit_cast<std::int64_t>(shifted) - std::bit_cast<std::int64_t>(kShift) + kBias;
  return sum * std::bit_cast<double>(exponent << kMantissa);
}

// x = 2^e m with m in [√½, √2); ln m = 2 artanh((m - 1)/(m + 1)).
double logarithm(double x) {
  const auto bits = std::bit_cast<std::int64_t>(x);
  const std::int64_t e = (bits - std::bit_cast<std::int64_t>(std::numbers::sqrt2 / 2)) >> kMantissa;
  const double m = std::bit_cast<double>(bits - (e << kMantissa));
  const double s = (m - 1) / (m + 1), z = s * s;
  double sum = 0;
  for (int i = 21; i > 0; i -= 2) sum = sum * z + 1.0 / i;
  return static_cast<double>(e) * std::numbers::ln2 + 2 * s * sum;
}

double logistic(double x) { return 1 / (1 + exponential(-x)); }
double hyperbolic_tangent(double x) { return 1 - 2 / (1 + exponential(2 * x)); }

double error_function(double x) {
  static const std::array<double, kErfTerms> kSeries = erf_series();  // of nobody's numbers
  const double magnitude = std::fabs(x), inside = magnitude < kErfEnd ? magnitude : kErfEnd;
  const double u = inside * (2 / kErfEnd) - 1;
  double now = 0, before = 0;
  for (unsigned j = kErfTerms; j-- > 1;) {
    const double next = 2 * u * now - before + kSeries[j];
    before = now;
    now = next;
  }
  return std::copysign(u * now - before + kSeries[0] / 2, x);
}

double gaussian_unit(double x) { return x / 2 * (1 + error_function(x * (std::numbers::sqrt2 / 2))); }
// Φ + x φ, with φ(x) = e^(-x²/2) / √(2π).
double gaussian_unit_slope(double x) {
  const double density = exponential(-x * x / 2) * (std::numbers::inv_sqrtpi * std::numbers::sqrt2 / 2);
  return (1 + error_function(x * (std::numbers::sqrt2 / 2))) / 2 + x * density;
}

namespace {
constexpr double kGeluInner = std::numbers::inv_sqrtpi * std::numbers::sqrt2, kGeluCube = 0.044715;
}
double gaussian_unit_by_tanh(double x) {
  return x / 2 * (1 + hyperbolic_tangent(kGeluInner * x * (1 + kGeluCube * x * x)));
}
double gaussian_unit_by_tanh_slope(double x) {
  const double t = hyperbolic_tangent(kGeluInner * x * (1 + kGeluCube * x * x));
  return (1 + t) / 2 + x / 2 * (1 - t * t) * kGeluInner * (1 + 3 * kGeluCube * x * x);
}

}  // namespace tacit::fn
