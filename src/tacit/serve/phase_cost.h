// What the phases of split inference cost one server.
#pragma once

#include <chrono>

#include "tacit/net/meter.h"

namespace tacit {

struct PhaseCost {
  double seconds = 0;
  std::uint64_t bytes = 0, rounds = 0;
};

/// Books what happens in its life.
class PhaseClock {
 public:
  PhaseClock(const Meter& meter, PhaseCost& to) : meter_(meter), to_(to), before_(meter.total()) {}
  ~PhaseClock() {
    const Cost now = meter_.total();
    to_.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    to_.bytes += now.payload - before_.payload;
    to_.rounds += now.rounds - before_.rounds;
  }
  PhaseClock(const PhaseClock&) = delete;
  PhaseClock& operator=(const PhaseClock&) = delete;

 private:
  const Meter& meter_;
  PhaseCost& to_;
  Cost before_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace tacit
