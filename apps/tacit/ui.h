// What people see while they wait: one line that grows on a terminal, plain lines elsewhere, nothing with
// --quiet.
#pragma once

#include <chrono>
#include <string>

#include "tacit/job/run_party.h"

namespace tacit::app {

struct Style {
  bool json = false;   ///< results as JSON on standard output
  bool quiet = false;  ///< no progress
};

class ProgressLine {
 public:
  explicit ProgressLine(const Style& style);
  ~ProgressLine();
  /// Shows phase, share done, loss, speed, MB sent and time left.
  void show(const Progress& progress);
  /// Ends the line; later output starts on a fresh one.
  void finish();
  /// A message in between.
  void say(const std::string& message);

 private:
  using Clock = std::chrono::steady_clock;
  std::string text(const Progress& progress) const;

  bool terminal_, quiet_, open_ = false;
  std::string phase_;
  Clock::time_point phase_start_ = Clock::now(), shown_{};
  std::size_t first_done_ = 0;
};

/// A message for people: to standard error, so that standard output stays clean for results.
void say(const Style& style, const std::string& message);

}  // namespace tacit::app
