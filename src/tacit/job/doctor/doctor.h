// tacit doctor: everything that must be in order before a job can run, looked at one after the other,
// whatever is found on the way: this machine, the job file, this party's key, port and folders, and then
// every other party.
#pragma once

#include "tacit/job/doctor/pairs.h"

namespace tacit::doctor {

struct Settings {
  std::filesystem::path job_file;
  std::function<Job()> read_job;  ///< throws UsageError with the place of a mistake
  std::string party;              ///< whose doctor this is; empty: only what needs no party is looked at
  std::filesystem::path key, out, state;  ///< of the party
  std::optional<std::chrono::milliseconds>
      wait;                 ///< for the other parties' doctors; none: the job's start_patience
  FileDescriptor listener;  ///< if given, used instead of listening on the own address
  std::function<void(const std::string&)> progress;
};

/// Tells each finding as it is made; all of them. Nothing that is wrong is thrown.
std::vector<Finding> examine(Settings settings, const Tell& tell);

}  // namespace tacit::doctor
