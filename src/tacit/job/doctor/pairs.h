// The checks between two parties, over the same mutually authenticated TLS as the job's own links. Every pair
// has a connection of its own here, so that one party that is absent, or holds another key, hides nothing of
// the others. As in a job, of two parties the later in its order dials.
#pragma once

#include "tacit/job/doctor/facts.h"
#include "tacit/job/doctor/link.h"

namespace tacit::doctor {

struct PairSettings {
  const Job& job;
  PartyId self{};
  const Identity& identity;
  std::filesystem::path job_file;     ///< for words: what the operators of others are to type
  FileDescriptor listener;            ///< on the own address; without one, later parties cannot come
  std::chrono::milliseconds wait{0};  ///< for parties that have not started their doctor
  Facts own;                          ///< what the others are told
  const Needs* needs = nullptr;       ///< may be null
  WallClock wall = wall_clock;
  std::function<void(const std::string&)> progress;  ///< "waiting for beta"; may be empty
};

/// Meets all other parties, compares what they tell of themselves, and measures the links one after the other
/// (in the same order at all, so that no two measurements share a line). Findings come by party. Ends within
/// `wait`, that of the others, and some tens of seconds a pair; nothing that a peer does ends the others'
/// checks.
std::vector<Finding> check_pairs(PairSettings settings, const Tell& tell);

}  // namespace tacit::doctor
