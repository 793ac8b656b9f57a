#include "tacit/job/doctor/link.h"

#include <algorithm>
#include <cmath>

#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/crypto/os_entropy.h"
#include "tacit/crypto/prg.h"

namespace tacit::doctor {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kChunk = 16 * 1024;
constexpr std::size_t kLargestBurst = std::size_t{64} << 20;  // that is taken from anybody
constexpr std::size_t kMostBursts = 32;
constexpr double kEnough = 0.3;   // seconds of a burst that is long enough to go by
constexpr double kLongest = 1e6;  // seconds: no figure is beyond

double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

template <class T>
ByteView raw(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}
template <class T>
ByteSpan raw(T& value) {
  return std::as_writable_bytes(std::span(&value, 1));
}

void sound(const Channel& peer, bool condition) {
  if (!condition)
    throw PeerError(peer.peer_name(), fmt::format("{} tells figures that cannot be", peer.peer_name()));
}
double checked(const Channel& peer, double seconds) {
  sound(peer, std::isfinite(seconds) && seconds >= 0 && seconds <= kLongest);
  return seconds;
}

// ---- round trips and clocks

struct Timing {
  double round_trip = 0, slowest = 0, ahead = 0, error = 0;
};
static_assert(sizeof(Timing) == 32);

/// The leader asks, and tells at the end what it found. The clock is taken from the quickest round trip.
Timing ask_the_time(Channel& peer, const WallClock& wall, const LinkLimits& limits) {
  std::vector<double> trips;
  Timing t;
  const auto begin = Clock::now();
  while (trips.size() < limits.round_trips && (trips.empty() || since(begin) < limits.seconds)) {
    const double sent_at = wall();
    const auto sent = Clock::now();
    peer.send("doctor.ping", ByteView());
    double theirs = 0;
    peer.receive("doctor.pong", raw(theirs));
    const double trip = since(sent);
    sound(peer, std::isfinite(theirs) && std::abs(theirs) < 1e12);
    if (trips.empty() || trip < *std::min_element(trips.begin(), trips.end())) {
      t.ahead = theirs - (sent_at + trip / 2);
      t.error = trip / 2;
    }
    trips.push_back(trip);
  }
  const auto middle = trips.begin() + static_cast<std::ptrdiff_t>(trips.size() / 2);
  std::nth_element(trips.begin(), middle, trips.end());
  t.round_trip = *middle;
  t.slowest = *std::max_element(trips.begin(), trips.end());
  peer.send("doctor.timing", raw(t));
  return t;
}

Timing tell_the_time(Channel& peer, const WallClock& wall, const LinkLimits& limits) {
  for (std::size_t i = 0; i <= limits.round_trips; ++i) {
    const auto [tag, body] = peer.receive_any({"doctor.ping", "doctor.timing"}, sizeof(Timing));
    if (tag == "doctor.timing") {
      sound(peer, body.size() == sizeof(Timing));
      Timing t = read_at<Timing>(body, 0);
      sound(peer, std::isfinite(t.ahead) && std::abs(t.ahead) < 1e13);
      checked(peer, t.round_trip), checked(peer, t.slowest), checked(peer, t.error);
      t.ahead = -t.ahead;
      return t;
    }
    const double now = wall();
    peer.send("doctor.pong", raw(now));
  }
  throw PeerError(peer.peer_name(), fmt::format("{} does not stop asking for the time", peer.peer_name()));
}

// ---- rates

/// Bursts, each four times as long as the last, until one takes long enough to go by. The receiver measures,
/// from a word ahead of the burst to its end, so that the latency is not in it. Bytes a second.
double send_bursts(Channel& peer, const LinkLimits& limits) {
  std::vector<Word> noise(kChunk / sizeof(Word));  // nothing on the way can make less of it
  Prg(os_entropy(Prg::kKeySize).bytes(), Isa::Portable).fill(0, 0, noise);
  double rate = 0;
  const auto begin = Clock::now();
  for (std::uint64_t size = kChunk; size <= limits.burst; size *= 4) {
    peer.send("doctor.burst", raw(size));
    for (std::uint64_t sent = 0; sent < size; sent += kChunk) peer.send("doctor.data", noise);
    double took = 0;
    peer.receive("doctor.took", raw(took));
    took = std::max(checked(peer, took), 1e-6);
    rate = static_cast<double>(size) / took;
    if (took >= kEnough || since(begin) + 4 * took > limits.seconds) break;
  }
  const std::uint64_t none = 0;
  peer.send("doctor.burst", raw(none));
  return rate;
}

double take_bursts(Channel& peer) {
  double rate = 0;
  Bytes chunk(kChunk);
  for (std::size_t i = 0; i < kMostBursts; ++i) {
    std::uint64_t size = 0;
    peer.receive("doctor.burst", raw(size));
    if (size == 0) return rate;
    sound(peer, size <= kLargestBurst && size % kChunk == 0);
    const auto begin = Clock::now();
    for (std::uint64_t taken = 0; taken < size; taken += kChunk) peer.receive("doctor.data", ByteSpan(chunk));
    const double took = since(begin);
    rate = static_cast<double>(size) / std::max(took, 1e-6);
    peer.send("doctor.took", raw(took));
  }
  throw PeerError(peer.peer_name(), fmt::format("{} does not stop sending bursts", peer.peer_name()));
}

}  // namespace

double wall_clock() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

LinkFigures measure_link(Channel& peer, bool leads, const WallClock& wall, const LinkLimits& limits) {
  LinkFigures f;
  const Timing t = leads ? ask_the_time(peer, wall, limits) : tell_the_time(peer, wall, limits);
  f.round_trip = t.round_trip;
  f.slowest = t.slowest;
  f.clock_ahead = t.ahead;
  f.clock_error = t.error;
  if (leads) {
    f.out = send_bursts(peer, limits);
    f.in = take_bursts(peer);
  } else {
    f.in = take_bursts(peer);
    f.out = send_bursts(peer, limits);
  }
  return f;
}

namespace {

constexpr double kClocksApart = 2;      // seconds
constexpr double kSlow = 20e6 / 8;      // bytes a second
constexpr double kTripsInPatience = 4;  // connecting alone takes three

std::string rate_text(double bytes_per_second) {
  const double mbit = bytes_per_second * 8e-6;
  return mbit < 999.5 ? fmt::format("{:.3g} Mbit/s", mbit) : fmt::format("{:.3g} Gbit/s", mbit / 1000);
}
/// Of round trips, which may be short.
std::string trip_text(double seconds) {
  return seconds < 0.00995 ? fmt::format("{:.2g} ms", seconds * 1e3) : human_seconds(seconds);
}

Finding judge_clock(const LinkFigures& f) {
  if (std::abs(f.clock_ahead) <= kClocksApart + f.clock_error)
    return ok("clock", fmt::format("within {} of ours", human_seconds(kClocksApart)));
  return warning(
      "clock",
      fmt::format("{} {} ours", human_seconds(std::abs(f.clock_ahead)),
                  f.clock_ahead > 0 ? "ahead of" : "behind"),
      "Set both clocks, by NTP say: nothing in a job depends on them, but their logs cannot be compared.");
}

Finding judge_latency(const LinkFigures& f, const Job& job) {
  const double patience = std::chrono::duration<double>(job.patience).count();
  const std::string found =
      fmt::format("{} there and back, {} at the longest", trip_text(f.round_trip), trip_text(f.slowest));
  if (kTripsInPatience * f.slowest > patience)
    return warning("latency", fmt::format("{}, and the job's patience is {}", found, human_seconds(patience)),
                   fmt::format("Write patience = {:.0f} or more in [job] of all.",
                               std::ceil(2 * kTripsInPatience * f.slowest)));
  // A round is one way. Between what the two profiles take a round to cost, the middle decides.
  const double middle =
      2 * std::sqrt(profile_named("lan").round_seconds * profile_named("wan").round_seconds);
  if (job.profile == "lan" && f.round_trip > middle)
    return warning("latency", fmt::format("{}, and the job's profile is \"lan\"", found),
                   "Write profile = \"wan\" in [job] of all, which takes fewer rounds and more bytes.");
  return ok("latency", found);
}

Finding judge_rate(const LinkFigures& f, const Needs* needs) {
  std::string found = fmt::format("{} from here, {} to here", rate_text(f.out), rate_text(f.in));
  if (needs != nullptr && needs->step_rounds > 0) {
    // All that this party sends, as if over this link: no more is known, and it is no less than a half of it.
    const double seconds = static_cast<double>(needs->step_rounds) * f.round_trip / 2 +
                           static_cast<double>(needs->step_bytes) / std::max(f.out, 1.0);
    found += fmt::format("; a step on {} rows ({} from here, {} rounds) would spend up to {} on such links",
                         needs->batch, human_bytes(static_cast<double>(needs->step_bytes)),
                         needs->step_rounds, human_seconds(seconds));
  }
  if (std::min(f.out, f.in) >= kSlow) return ok("bandwidth", found);
  return warning("bandwidth", found,
                 "See what else uses the line, or take a faster one; a smaller model sends less.");
}

}  // namespace

std::vector<Finding> judge(const LinkFigures& figures, const Job& job, const Needs* needs,
                           const std::string& peer) {
  return {about(peer, judge_clock(figures)), about(peer, judge_latency(figures, job)),
          about(peer, judge_rate(figures, needs))};
}

}  // namespace tacit::doctor
