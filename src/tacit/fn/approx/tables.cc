#include "tacit/fn/approx/tables.h"

#include <cmath>

#include "tacit/fn/approx/elementary.h"

namespace tacit::fn {

namespace {
double reciprocal(double x) { return 1 / x; }
double rsqrt(double x) { return 1 / std::sqrt(x); }
double square_root(double x) { return std::sqrt(x); }
}  // namespace

// name, f, low, step (log2), pieces (log2), degree, bound, error
const Piecewise kExp{"exp", exponential, -15, 0, 4, 5, 2.8, 2e-6, exponential};
const Piecewise kExpWide{"exp-wide", exponential, -16, 0, 5, 5, 33000, 3e-2, exponential};
const Piecewise kSigmoid{"sigmoid", logistic, -16, 0, 5, 4, 1, 4e-6};
const Piecewise kTanh{"tanh", hyperbolic_tangent, -8, -1, 5, 4, 1, 8e-6};
const Piecewise kErf{"erf", error_function, -4, -1, 4, 4, 1, 8e-6};
const Piecewise kGelu{"gelu", gaussian_unit, -8, -1, 5, 4, 8, 4e-6};
const Piecewise kGeluSlope{"gelu-slope", gaussian_unit_slope, -8, -1, 5, 4, 2, 8e-6};
const Piecewise kGeluByTanh{"gelu-by-tanh", gaussian_unit_by_tanh, -8, -1, 5, 4, 8, 4e-6};
const Piecewise kGeluByTanhSlope{"gelu-by-tanh-slope", gaussian_unit_by_tanh_slope, -8, -1, 5, 4, 2, 8e-6};
// Sums of exponentials of which one is 1 come a few units below 1 when the others are nothing: a little room.
constexpr double kNearlyOne = 1 - 0x1p-7;
const Piecewise kReciprocalTo16{"reciprocal-16", reciprocal, kNearlyOne, -1, 5, 6, 2, 8e-6};
const Piecewise kReciprocalTo64{"reciprocal-64", reciprocal, kNearlyOne, -1, 7, 6, 2, 8e-6};
const Piecewise kLogTo16{"log-16", logarithm, kNearlyOne, -1, 5, 6, 4, 2e-6};
const Piecewise kLogTo64{"log-64", logarithm, kNearlyOne, -1, 7, 6, 8, 2e-6};
const Piecewise kReciprocalMantissa{"reciprocal-mantissa", reciprocal, 0.25, -3, 3, 6, 8, 4e-5};
const Piecewise kRsqrtMantissa{"rsqrt-mantissa", rsqrt, 0.25, -3, 3, 6, 4, 4e-6};
const Piecewise kSqrtMantissa{"sqrt-mantissa", square_root, 0.25, -3, 3, 6, 2, 1e-7};
const Piecewise kLogMantissa{"log-mantissa", logarithm, 0.25, -3, 3, 6, 4, 2e-6};

std::span<const Piecewise* const> all_tables() {
  static const Piecewise* const kAll[] = {&kExp,
                                          &kExpWide,
                                          &kSigmoid,
                                          &kTanh,
                                          &kErf,
                                          &kGelu,
                                          &kGeluSlope,
                                          &kGeluByTanh,
                                          &kGeluByTanhSlope,
                                          &kReciprocalTo16,
                                          &kReciprocalTo64,
                                          &kLogTo16,
                                          &kLogTo64,
                                          &kReciprocalMantissa,
                                          &kRsqrtMantissa,
                                          &kSqrtMantissa,
                                          &kLogMantissa};
  return kAll;
}

}  // namespace tacit::fn
