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

}  // namespace tacit::fn
