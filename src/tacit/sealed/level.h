// The levels at which a model can be sealed, and in words what each promises and does not stop. A level is
// never lowered in silence: a file says which one it has, and whoever does not have that level refuses it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace tacit::sealed {

/// In the words of every level: what one who may ask learns is not stopped by any.
constexpr std::string_view kByAsking = "from enough answers";

enum class Level : std::uint8_t { Sealed = 1, Guarded = 2, Split = 3, Traceable = 4 };

struct LevelWords {
  Level level;
  std::string_view name, promise;
  std::span<const std::string_view> does_not_stop;  ///< of software keys without leases
};
/// What a sealed file does not stop, which depends on who keeps the keys and whether it runs under leases.
struct Bounds {
  bool software_keys = true;  ///< of one recipient at least
  bool leases = false;
  bool marked = false;  ///< it bears a fingerprint: at level 2, level 4 holds, too
};
std::vector<std::string_view> not_stopped(const LevelWords& level, const Bounds& bounds);
/// UsageError for a number that is no level.
const LevelWords& words_of(unsigned level);

}  // namespace tacit::sealed
