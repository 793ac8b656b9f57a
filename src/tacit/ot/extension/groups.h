// How the 128 bits of Δ are cut into elements of small fields: groups of `bits` bits, the last one shorter
// where `bits` does not divide 128.
#pragma once

#include <algorithm>
#include <cstddef>

namespace tacit::ot {

struct Groups {
  static constexpr std::size_t kBits = 128;
  unsigned bits;  ///< 1 to 8

  std::size_t count() const { return (kBits + bits - 1) / bits; }
  std::size_t first(std::size_t group) const { return group * bits; }
  unsigned width(std::size_t group) const {
    return static_cast<unsigned>(std::min<std::size_t>(bits, kBits - first(group)));
  }
  std::size_t leaves(std::size_t group) const { return std::size_t{1} << width(group); }
  std::size_t all_leaves() const { return (count() - 1) * (std::size_t{1} << bits) + leaves(count() - 1); }
};

}  // namespace tacit::ot
