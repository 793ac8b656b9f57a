#include "tacit/job/doctor/local.h"

#include <errno.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <future>

#include "tacit/base/error.h"
#include "tacit/base/text.h"

namespace tacit::doctor {

namespace {

constexpr std::uint64_t kGigabyte = 1'000'000'000;
// This program is younger than that.
constexpr std::int64_t kEarliest = 1767225600;  // 2026-01-01, UTC

std::string bytes_text(std::uint64_t bytes) { return human_bytes(static_cast<double>(bytes)); }

std::string time_text(std::int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  char text[40];
  if (gmtime_r(&time, &parts) == nullptr || std::strftime(text, sizeof text, "%F %T UTC", &parts) == 0)
    return fmt::format("{} s after 1970", seconds);
  return text;
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

}  // namespace

JobCheck check_job(const std::filesystem::path& file, const std::function<Job()>& read) {
  JobCheck check;
  try {
    check.job = read();
    check.hash = job_hash(*check.job);
    check.finding =
        ok("job file", fmt::format("{} is the job '{}' of {} parties and {} owners; its hash begins "
                                   "{}, and must be the same at all",
                                   file.string(), check.job->name, check.job->parties.size(),
                                   check.job->owners.size(), to_hex(check.hash).substr(0, 12)));
  } catch (const UsageError& e) {
    check.job.reset();
    check.finding =
        wrong("job file", e.what(),
              "Correct the file, and give all parties and owners the same one (docs/job-file.md).");
  }
  return check;
}

NeedsCheck check_model(const Job& job, PartyId self) {
  NeedsCheck check;
  try {
    const Needs n = needs_of(job, self);
    check.needs = n;
    check.finding =
        ok("model", fmt::format("{} parameters; a step on {} rows sends {} from here in {} rounds",
                                n.parameters, n.batch, bytes_text(n.step_bytes), n.step_rounds));
  } catch (const UsageError& e) {
    check.finding = wrong("model", e.what(), "Correct [model], [data] or [training] in the job file of all.");
  }
  return check;
}

Finding check_self(const Job& job, const std::string& name) {
  std::string names;
  for (const Endpoint& e : job.parties) names += (names.empty() ? "" : ", ") + e.name;
  for (const Endpoint& e : job.parties)
    if (e.name == name) return ok("party", fmt::format("{} is one of {}", name, names));
  for (const Endpoint& e : job.owners)
    if (e.name == name)
      return wrong("party", fmt::format("'{}' is an owner of this job, and no compute party", name),
                   fmt::format("Run it as one of {}; owners need no port and no other check.", names));
  return wrong("party", fmt::format("'{}' is no party of this job", name),
               fmt::format("Write --party {}.", nearest(name, job.party_names())));
}

KeyCheck check_key(const std::filesystem::path& file, const std::string& name, const Job* job) {
  KeyCheck check;
  const std::string path = file.string();
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) {
    check.finding =
        wrong("key", fmt::format("there is no key file '{}' ({})", path, std::strerror(errno)),
              fmt::format("Name the file with --key, or make one with 'tacit keys new {}' and put the "
                          "public key that it prints into the job file of all.",
                          name));
    return check;
  }
  if ((info.st_mode & 077) != 0) {
    check.finding =
        wrong("key", fmt::format("others on this machine may read or write '{}'", path),
              fmt::format("Run 'chmod 600 {}'; if somebody may have read it, make a new key instead.", path));
    return check;
  }
  try {
    check.identity = Identity::load(file);
  } catch (const UsageError& e) {
    check.finding =
        wrong("key", e.what(),
              fmt::format("Name the right file with --key, or make one with 'tacit keys new {}'.", name));
    return check;
  }
  const std::string shown = to_string(check.identity->public_key());
  check.finding = ok("key", fmt::format("{} holds {}, and nobody else may read it", path, shown));
  if (job == nullptr) return check;
  const std::vector<Endpoint> roster = job->roster();
  const Endpoint& own = roster[index(job->endpoint(name))];
  const PublicKey held = check.identity->public_key();
  if (held == own.key) {
    check.finding.found =
        fmt::format("{} holds the key that the job names for {}, and nobody else may read it", path, name);
    return check;
  }
  std::string whose;
  for (const Endpoint& e : roster)
    if (e.key == held) whose = fmt::format(", which is {}'s", e.name);
  check.finding =
      wrong("key",
            fmt::format("'{}' holds {}{}, but the job names {} for {}", path, shown, whose,
                        to_string(own.key), name),
            fmt::format("Name {}'s own key file with --key, or put this public key into the job file "
                        "of all.",
                        name));
  check.identity.reset();
  return check;
}

std::vector<Finding> check_names(const Job& job,
                                 const std::function<std::string(const std::string& host)>& why_not) {
  // At the same time: a name that does not resolve can take long to say so.
  std::vector<std::future<std::string>> answers;
  for (const Endpoint& e : job.parties)
    answers.push_back(std::async(std::launch::async, [&why_not, &e] { return why_not(e.address.host); }));
  std::vector<Finding> findings;
  for (std::size_t i = 0; i < job.parties.size(); ++i) {
    const Endpoint& e = job.parties[i];
    const std::string subject = "address of " + e.name, shown = to_string(e.address), why = answers[i].get();
    const Endpoint* same = nullptr;
    for (std::size_t k = 0; k < i; ++k)
      if (job.parties[k].address == e.address) same = &job.parties[k];
    if (e.address.port == 0)
      findings.push_back(wrong(subject, fmt::format("{} has port 0, which nobody can dial", shown),
                               fmt::format("Give {} a port in the job file.", e.name)));
    else if (same != nullptr)
      findings.push_back(wrong(subject, fmt::format("{} is also the address of {}", shown, same->name),
                               fmt::format("Give each its own address in the job file.")));
    else if (!why.empty())
      findings.push_back(
          wrong(subject, fmt::format("the name '{}' does not resolve ({})", e.address.host, why),
                fmt::format("Correct the address of {} in the job file, or make this machine know the name.",
                            e.name)));
    else
      findings.push_back(ok(subject, fmt::format("{} resolves", shown)));
  }
  return findings;
}

namespace {

Finding not_bound(const Endpoint& own, const std::string& why) {
  auto because = [&](int error) { return why.find(std::strerror(error)) != std::string::npos; };
  const std::string shown = to_string(own.address);
  if (because(EADDRINUSE)) {
    const std::string holder = holder_of_port(own.address.port);
    return wrong(
        "port",
        fmt::format("{} is in use{}", shown,
                    holder.empty() ? " by another program" : fmt::format(" by {}", holder)),
        fmt::format("End that program (if it is {}'s own part of a job, it stands already), or give {} "
                    "another port in the job file of all.",
                    own.name, own.name));
  }
  if (because(EADDRNOTAVAIL))
    return wrong(
        "port", fmt::format("{} is no address of this machine", shown),
        fmt::format("Write an address of this machine for {0}, or 0.0.0.0:{1}, in this machine's copy of the "
                    "job file: addresses may differ from copy to copy.",
                    own.name, own.address.port));
  if (because(EACCES))
    return wrong("port", fmt::format("this user may not listen on {}", shown),
                 fmt::format("Give {} a port above 1023 in the job file of all.", own.name));
  return wrong("port", why, fmt::format("Correct the address of {} in the job file.", own.name));
}

}  // namespace

PortCheck check_port(const Job& job, PartyId self, FileDescriptor listener) {
  const Endpoint& own = job.parties[index(self)];
  PortCheck check{{}, std::move(listener)};
  try {
    if (!check.listener) check.listener = listen_on(own.address);
  } catch (const IoError& e) {
    check.finding = not_bound(own, e.what());
    return check;
  }
  check.finding = ok("port", fmt::format("{} is free to listen on", to_string(own.address)));
  const bool all_here = std::all_of(job.parties.begin(), job.parties.end(),
                                    [](const Endpoint& e) { return is_loopback(e.address.host); });
  if (is_loopback(own.address.host) && !all_here)
    check.finding = warning(
        "port",
        fmt::format("{} listens on {}, which no other machine can reach", own.name, to_string(own.address)),
        fmt::format(
            "Write the address by which others reach {0}, or 0.0.0.0:{1} in this machine's copy of the job "
            "file.",
            own.name, own.address.port));
  return check;
}

Finding check_folder(const std::string& what, const std::filesystem::path& folder) {
  const std::string why = why_not_writable(folder), option = what == "state folder" ? "--state" : "--out";
  if (why.empty()) return ok(what, fmt::format("{} can be written", folder.string()));
  return wrong(
      what, fmt::format("{} cannot be written: {}", folder.string(), why),
      fmt::format("Let this user write there, free some space, or name another folder with {}.", option));
}

Finding check_disk(const std::filesystem::path& state, std::optional<std::uint64_t> free,
                   const Needs* needs) {
  if (!free)
    return ok("disk", fmt::format("the file system of {} does not say what is free", state.string()));
  if (needs == nullptr) return ok("disk", fmt::format("{} free at {}", bytes_text(*free), state.string()));
  const std::uint64_t reserve = kGigabyte;
  const std::uint64_t left = *free > needs->model_bytes ? *free - needs->model_bytes : 0;
  const std::string found = fmt::format(
      "{} free at {}; the share of the model takes {}, and a row that owners bring {}", bytes_text(*free),
      state.string(), bytes_text(needs->model_bytes), bytes_text(needs->row_bytes));
  const std::string mend = "Free some space there, or name a folder on another disk with --state.";
  if (left == 0) return wrong("disk", found, mend);
  if (left < reserve) return warning("disk", found, mend);
  return ok("disk", found);
}

Finding check_memory(const Machine& m, const Needs* needs) {
  if (m.memory_free == 0) return ok("memory", "this machine does not say what is free");
  std::string found = fmt::format("{} of {} free", bytes_text(m.memory_free), bytes_text(m.memory));
  if (needs == nullptr) return ok("memory", found);
  found += fmt::format("; a step on {} rows keeps {} at the least", needs->batch, bytes_text(needs->memory));
  const std::string mend =
      "End other programs, take a smaller batch or model, or a machine with more memory.";
  if (needs->memory > m.memory_free) return wrong("memory", found, mend);
  if (needs->memory > m.memory_free / 2) return warning("memory", found, mend);
  return ok("memory", found);
}

Finding check_processor(const Machine& m) {
  const std::string found = fmt::format("{}, {} to use, kernels for {}", m.processor, m.processors,
                                        m.isa == Isa::Portable ? "any processor" : to_string(m.isa));
  if (m.isa != Isa::Portable) return ok("processor", found);
  return warning(
      "processor", found,
      "Take a machine with AVX2 and AES instructions (or arm64): without them this party computes several "
      "times slower, and the others wait for it.");
}

Finding check_clock(const Machine& m) {
  if (m.seconds >= kEarliest)
    return ok("clock",
              fmt::format("{}; keys and certificates never expire, so that nothing depends on it but the "
                          "times in logs",
                          time_text(m.seconds)));
  return warning("clock", fmt::format("it says {}, before this program was written", time_text(m.seconds)),
                 "Set it, by NTP say: nothing in a job depends on it, but logs of several machines cannot be "
                 "compared.");
}

}  // namespace tacit::doctor
