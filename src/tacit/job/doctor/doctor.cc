#include "tacit/job/doctor/doctor.h"

#include "tacit/base/error.h"
#include "tacit/job/doctor/local.h"
#include "tacit/party/handshake.h"
#include "tacit/version.h"

namespace tacit::doctor {

namespace {

class Examination {
 public:
  Examination(Settings settings, const Tell& tell) : s_(std::move(settings)), tell_(tell) {}

  std::vector<Finding> run() {
    const Machine machine = look_at_machine();
    add(ok("program",
           fmt::format("tacit {} ({}), version {} of the protocol", kVersion, kCommit, kProtocolVersion)));
    add(check_processor(machine));
    add(check_clock(machine));
    JobCheck job = check_job(s_.job_file, s_.read_job);
    add(std::move(job.finding));
    const std::optional<PartyId> found = job.job ? find_self(*job.job) : std::nullopt;
    const PartyId self = found.value_or(party_id(0));
    NeedsCheck needs;
    if (job.job) {
      needs = check_model(*job.job, self);
      add(std::move(needs.finding));
      for (Finding& f : check_names(*job.job, why_unresolved)) add(std::move(f));
    }
    add(check_memory(machine, needs.needs ? &*needs.needs : nullptr));
    if (s_.party.empty()) {
      add(skipped("pairs",
                  "each operator runs the doctor with --party NAME, at about the same time, to check key, "
                  "port, folders and the links"));
      return std::move(findings_);
    }
    add(check_folder("results folder", s_.out));
    add(check_folder("state folder", s_.state));
    add(check_disk(s_.state, free_disk(s_.state), needs.needs ? &*needs.needs : nullptr));
    KeyCheck key = check_key(s_.key, s_.party, found ? &*job.job : nullptr);
    add(std::move(key.finding));
    if (!found) {
      add(skipped("pairs", "who the parties are is not known until the job file and --party are right"));
      return std::move(findings_);
    }
    PortCheck port = check_port(*job.job, self, std::move(s_.listener));
    add(std::move(port.finding));
    if (!key.identity) {
      add(skipped("pairs", fmt::format("nobody lets {} in without its key", s_.party)));
      return std::move(findings_);
    }
    const auto wait = s_.wait.value_or(job.job->start_patience);
    PairSettings pairs{.job = *job.job,
                       .self = self,
                       .identity = *key.identity,
                       .job_file = s_.job_file,
                       .listener = std::move(port.listener),
                       .wait = wait,
                       .own = facts_of(machine, job.hash, wait),
                       .needs = needs.needs ? &*needs.needs : nullptr,
                       .wall = wall_clock,
                       .progress = s_.progress};
    for (Finding& f : check_pairs(std::move(pairs), tell_)) findings_.push_back(std::move(f));
    return std::move(findings_);
  }

 private:
  void add(Finding f) {
    findings_.push_back(std::move(f));
    if (tell_) tell_(findings_.back());
  }
  std::optional<PartyId> find_self(const Job& job) {
    if (s_.party.empty()) return std::nullopt;
    add(check_self(job, s_.party));
    if (findings_.back().state != State::Ok) return std::nullopt;
    return job.endpoint(s_.party);
  }

  Settings s_;
  const Tell& tell_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> examine(Settings settings, const Tell& tell) {
  return Examination(std::move(settings), tell).run();
}

}  // namespace tacit::doctor
