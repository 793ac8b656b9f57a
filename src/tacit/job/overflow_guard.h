// The overflow guard of a run (docs/overflow-guard.md): some batches, or all, are computed on an engine that
// notes what could leave its range; after each of them one bit is revealed to the parties, by the job's rule,
// and a run in which it is 1 stops.
#pragma once

#include "tacit/fn/guard.h"
#include "tacit/job/releases.h"
#include "tacit/job/report.h"

namespace tacit {

/// Whether some value left its range, at each check; and where, once, if that rule is there.
inline constexpr std::string_view kOverflow = "overflow", kOverflowPlace = "overflow_layer";

class OverflowGuard {
 public:
  OverflowGuard(GuardEngine& engine, const nn::TrainSettings& settings, Releases& releases)
      : engine_(engine), settings_(settings), releases_(releases) {}

  /// How many of the batches from `first` up to `last` are checked.
  std::uint64_t checks(std::size_t first, std::size_t last) const;
  /// UsageError if the rule does not allow so many more.
  void require_checks(std::uint64_t needed) const;
  /// Called before it is told where, with the bits that this takes.
  std::function<void(std::uint64_t bits)> before_place;
  /// Before a batch; batches of a run are counted from 0.
  void begin(std::size_t batch);
  /// After it. UsageError if a value left its range; `batch` is named: "batch 3 of 40 in training".
  void end(const std::string& batch);
  /// Whether what batches cost, beside one another, goes into the report: of those in training.
  void compare_costs(bool on) { compare_ = on; }

  /// Nothing if the job has no guard.
  std::optional<GuardReport> report() const;

 private:
  void stop(const fn::GuardVerdict&, const std::string& batch);

  GuardEngine& engine_;
  const nn::TrainSettings& settings_;
  Releases& releases_;
  GuardReport report_;
  bool compare_ = false;
  Cost before_;
};

/// What a place in the program is called to a reader: "layer dense1, forward" for "train/forward/dense1".
std::string place_in_words(std::string_view path);

}  // namespace tacit
