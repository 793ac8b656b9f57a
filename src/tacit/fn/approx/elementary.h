// Elementary functions without branches and without tables: the dealer of a piecewise function evaluates them
// on its share, which the C library's versions would index by. Every call takes the same instructions.
#pragma once

namespace tacit::fn {

/// e^x for |x| <= 700, within 2^-50 of it, relatively.
double exponential(double x);
/// ln x for normal positive x, within 2^-50 absolutely and relatively.
double logarithm(double x);
/// 1 / (1 + e^-x) and tanh x for |x| <= 300, within 2^-48.
double logistic(double x);
double hyperbolic_tangent(double x);
/// erf x for every finite x, within 2^-38.
double error_function(double x);
/// x Φ(x), Φ being the normal distribution's, and its derivative, for |x| <= 30, within 2^-33.
double gaussian_unit(double x);
double gaussian_unit_slope(double x);
/// The same with (1 + tanh √(2/π)(x + 0.044715 x³))/2 for Φ (Hendrycks, Gimpel 2016), for |x| <= 15.
double gaussian_unit_by_tanh(double x);
double gaussian_unit_by_tanh_slope(double x);

}  // namespace tacit::fn
