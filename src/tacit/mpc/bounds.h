// What everybody knows of how large shared numbers can be: kept with a share by an engine that guards ranges
// (generic/guard_engine.h). It follows from public things alone, and is the same at all parties.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

namespace tacit {

/// An interval of elements, read as signed integers; both ends belong to it.
struct Bounds {
  std::int64_t low = INT64_MIN, high = INT64_MAX;

  static Bounds within(std::int64_t magnitude) { return {-magnitude, magnitude}; }
  bool holds(const Bounds& other) const { return low <= other.low && other.high <= high; }
  /// The least interval that holds both.
  Bounds joined(const Bounds& other) const { return {std::min(low, other.low), std::max(high, other.high)}; }
  bool operator==(const Bounds&) const = default;
};

/// Shared by all copies of one tensor, so that what is learnt of one is known of all. Null: nobody keeps
/// them.
using BoundsOf = std::shared_ptr<Bounds>;

/// A record of its own with the same bounds, for a part of a tensor.
inline BoundsOf bounds_of_part(const BoundsOf& whole) {
  return whole == nullptr ? nullptr : std::make_shared<Bounds>(*whole);
}
/// ... for a tensor that was put together from two; null if nobody keeps any.
inline BoundsOf bounds_of_both(const BoundsOf& a, const BoundsOf& b) {
  if (a == nullptr && b == nullptr) return nullptr;
  return std::make_shared<Bounds>((a ? *a : Bounds()).joined(b ? *b : Bounds()));
}

}  // namespace tacit
