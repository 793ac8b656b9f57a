// What a party can check by itself, before it opens a connection: the job file, its model, names, the own
// key, port, folders, memory, disk, processor and clock. Each check looks at one thing and says one finding
// (names: one for each party); what it measures is passed in, so that each can be tried with a thing broken.
#pragma once

#include <optional>

#include "tacit/job/doctor/finding.h"
#include "tacit/job/doctor/machine.h"
#include "tacit/job/doctor/needs.h"

namespace tacit::doctor {

struct JobCheck {
  Finding finding;
  std::optional<Job> job;
  Digest hash{};
};
/// Reads the job by `read`, which throws UsageError with the place of a mistake.
JobCheck check_job(const std::filesystem::path& file, const std::function<Job()>& read);

struct NeedsCheck {
  Finding finding;
  std::optional<Needs> needs;
};
/// Builds the job's model, and counts a step of its training.
NeedsCheck check_model(const Job& job, PartyId self);

/// Which endpoint `name` is: a party of the job.
Finding check_self(const Job& job, const std::string& name);

struct KeyCheck {
  Finding finding;
  std::optional<Identity> identity;
};
/// The private key of `name`, which must be the one that `job` (null: not known) names for it. The identity
/// is there only if nothing is wrong with it.
KeyCheck check_key(const std::filesystem::path& file, const std::string& name, const Job* job);

/// The address of each party: a port, no other party's address, and a name that resolves by `why_not`, which
/// says why a host does not and is called from several threads.
std::vector<Finding> check_names(const Job& job,
                                 const std::function<std::string(const std::string& host)>& why_not);

struct PortCheck {
  Finding finding;
  FileDescriptor listener;  ///< for the checks between parties; empty if there is none
};
/// Listens on the own address, or looks at `listener`, which does already.
PortCheck check_port(const Job& job, PartyId self, FileDescriptor listener);

/// A folder that the job writes to, `what` names it: "state folder".
Finding check_folder(const std::string& what, const std::filesystem::path& folder);
/// What `free` bytes (nothing: not known) in the state folder are good for.
Finding check_disk(const std::filesystem::path& state, std::optional<std::uint64_t> free, const Needs* needs);
Finding check_memory(const Machine& machine, const Needs* needs);
Finding check_processor(const Machine& machine);
Finding check_clock(const Machine& machine);

}  // namespace tacit::doctor
