// When a link counts as dead. Pure arithmetic on given times, so that tests need no waiting.
#pragma once

#include <algorithm>
#include <chrono>

namespace tacit {

/// A link on which nothing was heard for `patience` is silent; each side sends a heartbeat when it has sent
/// nothing for a tenth of that. Silence is told a little before the patience ends, so that the error is out
/// in time. After a pause of this whole process (a stopped machine, say) the peer gets a new chance.
class Liveness {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  Liveness(Duration patience, Time now) : patience_(patience), heard_(now), sent_(now), looked_(now) {}

  void heard(Time now) { heard_ = now; }
  void sent(Time now) { sent_ = now; }
  Time last_heard() const { return heard_; }
  /// So long without a word that it is worth trying another connection, while there is time for it.
  bool quiet(Time now) const { return now - heard_ >= patience_ * 6 / 10; }
  bool heartbeat_due(Time now) const { return now - sent_ >= patience_ / 10; }
  Duration tick() const { return std::max<Duration>(patience_ / 20, std::chrono::milliseconds(5)); }
  /// True when the peer counts as gone. To be asked at least every tick(), after reading what has come.
  bool silent(Time now) {
    if (now - looked_ > patience_ / 2) heard_ = std::max(heard_, now - patience_ / 2);
    looked_ = now;
    return now - heard_ >= patience_ - patience_ / 10;
  }

 private:
  Duration patience_;
  Time heard_, sent_, looked_;
};

}  // namespace tacit
