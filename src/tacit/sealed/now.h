// What a device knows of the time: its clock, which whoever owns the machine can set, and how long ago it was
// booted, which nobody sets. Both are read once, by whoever begins, and passed down.
#pragma once

#include <array>
#include <cstddef>

#include "tacit/sealed/time.h"

namespace tacit::sealed {

/// A moment on the clock that runs from a boot on, also while the machine sleeps (CLOCK_BOOTTIME).
struct BootMoment {
  std::array<std::byte, 16> boot{};  ///< another for every boot
  Seconds seconds = 0;               ///< since then
  bool operator==(const BootMoment&) const = default;
};

struct Now {
  Now(Seconds by_the_clock) : clock(by_the_clock) {}  // NOLINT: where nothing depends on the boot
  Now(Seconds by_the_clock, const BootMoment& since) : clock(by_the_clock), boot(since) {}
  Seconds clock;
  BootMoment boot;
};

/// Of this machine. UsageError where a process sees another boot clock than the machine's, as in a time
/// namespace; IoError if the system tells no boot.
BootMoment boot_now();

}  // namespace tacit::sealed
