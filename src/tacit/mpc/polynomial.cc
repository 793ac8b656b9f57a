#include "tacit/mpc/polynomial.h"

#include <cmath>
#include <numbers>

namespace tacit {

std::vector<double> fit_polynomial(double (*f)(double), double begin, double width, unsigned degree,
                                   double center) {
  const unsigned n = degree + 1;
  const double half = width / 2, middle = begin + half;
  // Chebyshev series on u in [-1, 1], then its polynomial in u, then in x - center.
  std::vector<double> values(n), series(n), power(n, 0.0);
  for (unsigned k = 0; k < n; ++k) values[k] = f(middle + half * std::cos(std::numbers::pi * (k + 0.5) / n));
  for (unsigned j = 0; j < n; ++j) {
    double sum = 0;
    for (unsigned k = 0; k < n; ++k) sum += values[k] * std::cos(std::numbers::pi * j * (k + 0.5) / n);
    series[j] = sum * (j == 0 ? 1.0 : 2.0) / n;
  }
  std::vector<double> before(n, 0.0), current(n, 0.0);  // T_{j-1}, T_j as powers of u
  before[0] = 1;
  for (unsigned i = 0; i < n; ++i) power[i] += series[0] * before[i];
  if (n > 1) {
    current[1] = 1;
    for (unsigned i = 0; i < n; ++i) power[i] += series[1] * current[i];
  }
  for (unsigned j = 2; j < n; ++j) {
    std::vector<double> next(n, 0.0);
    for (unsigned i = 0; i + 1 < n; ++i) next[i + 1] = 2 * current[i];
    for (unsigned i = 0; i < n; ++i) next[i] -= before[i];
    for (unsigned i = 0; i < n; ++i) power[i] += series[j] * next[i];
    before = current;
    current = next;
  }
  // u = (x - middle)/half = (x - center)/half + shift: synthetic shift, then scale.
  const double shift = (center - middle) / half;
  for (unsigned i = 0; i < n; ++i)
    for (unsigned j = n - 1; j-- > i;) power[j] += shift * power[j + 1];
  double factor = 1;
  for (unsigned i = 0; i < n; ++i) {
    power[i] *= factor;
    factor /= half;
  }
  return power;
}

}  // namespace tacit
