// What operations cost, as protocols declare it and tests hold them to it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace tacit {

/// What rounds and bytes weigh against each other: many protocols can trade one for the other.
struct Profile {
  std::string_view name;
  double round_seconds;     ///< what one more round costs
  double seconds_per_byte;  ///< what one more byte over all links costs
  bool saves_rounds(std::uint64_t rounds_saved, double extra_bytes) const {
    return static_cast<double>(rounds_saved) * round_seconds > extra_bytes * seconds_per_byte;
  }
};

/// "lan": one machine or one hall. "wan": tens of milliseconds between parties. UsageError for other names.
const Profile& profile_named(std::string_view name);

/// From whom each party hears in a round, in the ring of parties.
enum class Hears : std::uint8_t { All, Next, Previous };

/// One operation: payload each party sends, and the rounds.
struct OpCost {
  std::vector<std::uint64_t> payload;
  std::uint64_t rounds = 0;
  /// Round by round, and all where it ends before them. It makes a difference where parties begin at
  /// different depths.
  std::vector<Hears> hears = {};

  std::uint64_t total() const;
  OpCost& operator+=(const OpCost& more);
};

}  // namespace tacit
