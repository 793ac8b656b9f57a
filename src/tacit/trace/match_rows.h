// Which row of one matrix is which of another. Internal to trace/.
#pragma once

#include <optional>
#include <vector>

#include "tacit/base/workers.h"

namespace tacit::trace {

/// Rows of equal length, one after the other.
struct Rows {
  std::size_t count = 0, length = 0;
  std::vector<double> numbers;
  const double* row(std::size_t r) const { return numbers.data() + r * length; }
};

struct Matching {
  std::vector<std::optional<std::size_t>> of;  ///< for each row of the first, the row of the second
  double sum = 0;                              ///< of the cosines' magnitudes
};

/// Each row to at most one, by the largest magnitudes of cosines first; those below `least` to none.
Matching match_rows(const Rows& first, const Rows& second, double least, Workers& workers);

}  // namespace tacit::trace
