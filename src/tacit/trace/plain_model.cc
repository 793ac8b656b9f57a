#include "tacit/trace/plain_model.h"

#include <cmath>
#include <numbers>
#include <random>

namespace tacit::trace {

PublicTensor random_examples(const Shape& example, std::size_t rows, std::uint64_t seed) {
  Shape shape = example;
  shape.insert(shape.begin(), rows);
  PublicTensor out{shape, std::vector<double>(elements(shape))};
  // Box and Muller's, for the library's own normal numbers differ from one to the other.
  std::mt19937_64 source(seed);
  const auto unit = [&] { return (static_cast<double>(source() >> 11) + 0.5) * 0x1p-53; };
  for (double& x : out.values) {
    const double radius = std::sqrt(-2 * std::log(unit()));
    x = radius * std::cos(2 * std::numbers::pi * unit());
  }
  return out;
}

}  // namespace tacit::trace
