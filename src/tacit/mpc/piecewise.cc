#include "tacit/mpc/piecewise.h"

#include <cmath>

namespace tacit {

double Piecewise::high() const {
  return low + std::ldexp(std::ldexp(1.0, static_cast<int>(pieces_log2)) - 1, step_log2);
}

}  // namespace tacit
