// Where a party of a training is, as its own thread goes from phase to phase: what a fault is aimed at.
#pragma once

#include <array>
#include <functional>
#include <string_view>

#include "tacit/job/run_party.h"
#include "tacit/job/step_numbers.h"

namespace tacit::testing {

enum class Phase { Handshake, Sharing, Forward, Backward, Checkpoint, Reveal, Export };
constexpr std::array<std::string_view, 7> kPhases = {"handshake",  "sharing", "forward", "backward",
                                                     "checkpoint", "reveal",  "export"};

/// Watches a party's run from within its thread. Must live as long as the run.
class PhaseWatch {
 public:
  PhaseWatch() {
    tap_.wants = [this](std::size_t) {  // asked between the two passes of a step
      enter(Phase::Backward);
      return false;
    };
    tap_.take = [](PartyId, StepShares) {};
  }
  PhaseWatch(const PhaseWatch&) = delete;
  PhaseWatch& operator=(const PhaseWatch&) = delete;

  /// Takes the place of the run's tap, and listens to its progress, which goes on to whoever listened.
  void watch(PartyOptions& options) {
    options.tap = &tap_;
    options.progress = [this, next = std::move(options.progress)](const Progress& p) {
      hear(p);
      if (next) next(p);
    };
  }
  /// Told when a phase begins, before anything is done in it.
  std::function<void(Phase)> entered;

  /// The phase to which a frame that is sent now belongs.
  Phase of(std::string_view tag) const {
    if (tag == "checkpoint") return Phase::Checkpoint;
    const bool told = tag == "open" || tag.starts_with("release.");
    return told && (now_ == Phase::Forward || now_ == Phase::Backward) ? Phase::Reveal : now_;
  }

 private:
  void enter(Phase phase) {
    if (now_ == phase && phase != Phase::Forward) return;
    now_ = phase;
    if (entered) entered(phase);
  }
  void hear(const Progress& p) {
    if (p.phase.starts_with("waiting for ") || p.phase.starts_with("receiving from ")) enter(Phase::Sharing);
    if (p.phase.starts_with("keeping the data")) enter(Phase::Checkpoint);
    // To measure the test rows is a forward pass, too.
    if (p.phase == "training" || p.phase == "measuring") enter(Phase::Forward);
    if (p.phase == "handing over the model") enter(Phase::Export);
  }

  Phase now_ = Phase::Handshake;
  StepTap tap_;
};

}  // namespace tacit::testing
