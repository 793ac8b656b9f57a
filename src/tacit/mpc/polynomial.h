// Polynomials that stand in for a smooth function on a short interval.
#pragma once

#include <vector>

namespace tacit {

/// Coefficients c_j of Σ c_j (x - center)^j, which agrees with f at the Chebyshev nodes of
/// [begin, begin + width].
std::vector<double> fit_polynomial(double (*f)(double), double begin, double width, unsigned degree,
                                   double center);

}  // namespace tacit
