// What a link between two parties can do, measured by its two ends together: round trips, the rate each way,
// and how far the peer's clock is from ours. A few dozen megabytes at the most, and seconds.
#pragma once

#include <chrono>
#include <functional>

#include "tacit/job/doctor/finding.h"
#include "tacit/job/doctor/needs.h"
#include "tacit/net/channel.h"

namespace tacit::doctor {

struct LinkFigures {
  double round_trip = 0, slowest = 0;  ///< seconds: the median of several, and the longest
  double out = 0, in = 0;              ///< bytes a second, from us and to us
  double clock_ahead = 0;              ///< seconds by which the peer's clock is ahead of ours,
  double clock_error = 0;              ///< give or take so many
};

struct LinkLimits {
  std::size_t round_trips = 15;
  std::size_t burst = std::size_t{16} << 20;  ///< bytes of the largest burst each way
  double seconds = 3;                         ///< no burst begins that would end later than that
};

/// Seconds since 1970 by this machine's clock.
using WallClock = std::function<double()>;
double wall_clock();

/// Both ends call this at the same time; of two parties the earlier in the job `leads`. Seconds as long as
/// the link does not fail, but on links of less than some kilobytes a second. PeerError as of Channel, and
/// for figures that cannot be.
LinkFigures measure_link(Channel& peer, bool leads, const WallClock& wall, const LinkLimits& limits = {});

/// Clock, latency and bandwidth as findings. `needs` (may be null) says what a step would take on such a
/// link.
std::vector<Finding> judge(const LinkFigures& figures, const Job& job, const Needs* needs,
                           const std::string& peer);

}  // namespace tacit::doctor
