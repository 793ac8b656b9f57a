#include "tacit/job/report.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tacit/base/error.h"
#include "tacit/base/json_number.h"
#include "tacit/job/report_parts.h"
#include "tacit/mpc/table.h"
#include "tacit/version.h"

namespace tacit {

using nlohmann::json;

namespace {

json cost_json(const Cost& c) {
  return {{"bytes_sent", c.payload},
          {"overhead_bytes", c.overhead},
          {"messages", c.messages},
          {"rounds", c.rounds},
          {"seconds", c.seconds}};
}
Cost cost_from(const json& j) {
  Cost c;
  c.payload = whole_number<std::uint64_t>(j.at("bytes_sent"));
  c.overhead = whole_number<std::uint64_t>(j.at("overhead_bytes"));
  c.messages = whole_number<std::uint64_t>(j.at("messages"));
  c.rounds = whole_number<std::uint64_t>(j.at("rounds"));
  c.seconds = j.at("seconds").get<double>();
  return c;
}

json points_json(const std::vector<LossPoint>& points) {
  json out = json::array();
  for (const LossPoint& p : points) out.push_back({{"step", p.step}, {"loss", p.loss}});
  return out;
}
std::vector<LossPoint> points_from(const json& j) {
  std::vector<LossPoint> out;
  for (const json& p : j)
    out.push_back({whole_number<std::size_t>(p.at("step")), p.at("loss").get<double>()});
  return out;
}

json to_json(const GuardReport::Batches& b) {
  json j = cost_json(b.cost);
  j["batches"] = b.count;
  return j;
}
json to_json(const GuardReport& g) {
  return {{"every", g.every},
          {"checks", g.checks},
          {"numbers", g.numbers},
          {"guarded", to_json(g.guarded)},
          {"unguarded", to_json(g.unguarded)}};
}
GuardReport guard_from(const json& j) {
  auto batches = [](const json& b) {
    return GuardReport::Batches{whole_number<std::size_t>(b.at("batches")), cost_from(b)};
  };
  return {whole_number<std::size_t>(j.at("every")), whole_number<std::size_t>(j.at("checks")),
          whole_number<std::size_t>(j.at("numbers")), batches(j.at("guarded")), batches(j.at("unguarded"))};
}

using report_parts::add_more;
using report_parts::take_more;

json number_or_null(const std::optional<double>& x) { return x ? json(*x) : json(nullptr); }
std::optional<double> optional_number(const json& j) {
  return j.is_number() ? std::optional(j.get<double>()) : std::nullopt;
}

}  // namespace

RunReport report_of(const Job& job, std::string mode) {
  const ProtocolInfo& protocol = protocol_named(job.protocol);
  RunReport r;
  r.job = job.name;
  r.job_hash = to_hex(job_hash(job));
  r.protocol = job.protocol;
  r.threat = protocol.threat;
  r.profile = job.profile;
  r.mode = std::move(mode);
  r.machine = fmt::format("{}, {} processors, {} kernels", cpu_model(), available_processors(),
                          to_string(detect_isa()));
  r.fraction_bits = job.fraction_bits;
  r.epochs = job.training.epochs;
  r.metric = to_string(job.data.schema.metric);
  r.settings = settings_of(job);
  r.security = {
      {"withstands", std::string(protocol.threat)},
      {"computational_bits", std::to_string(protocol.kappa)},
      {"statistical_bits", std::to_string(protocol.sigma)},
      {"source", std::string(protocol.paper)},
      {"links", "TLS 1.3, TLS_AES_128_GCM_SHA256, X25519, Ed25519 keys pinned by the job"},
      {"randomness", "the operating system's, by AES-128 in counter mode; fresh keys each session"}};
  return r;
}

json to_json(const PartyStats& s) {
  json j = cost_json(s.total);
  j["memory_bytes"] = s.memory_bytes;
  j["scopes"] = json::object();
  for (const auto& [name, cost] : s.scopes) j["scopes"][name] = cost_json(cost);
  return j;
}

PartyStats stats_from_json(const json& j) {
  PartyStats s;
  s.total = cost_from(j);
  s.memory_bytes = whole_number<std::uint64_t>(j.at("memory_bytes"));
  for (const auto& [name, cost] : j.at("scopes").items()) s.scopes[name] = cost_from(cost);
  return s;
}

json to_json(const Disclosure& d) {
  return {{"what", d.what}, {"to", d.to}, {"purpose", d.purpose}, {"bits", d.bits}, {"times", d.times}};
}

json to_json(const RunReport& r) {
  json j{{"tacit", kVersion},
         {"commit", kCommit},
         {"job",
          {{"name", r.job},
           {"hash", r.job_hash},
           {"protocol", r.protocol},
           {"profile", r.profile},
           {"fraction_bits", r.fraction_bits},
           {"epochs", r.epochs},
           {"parameters", r.parameters},
           {"train_rows", r.train_rows},
           {"test_rows", r.test_rows},
           {"steps", r.steps}}},
         {"mode", r.mode},
         {"stamps", r.stamps},
         {"machine", r.machine},
         {"seconds", r.seconds},
         {"resumed", r.resumed},
         {"accuracy", {{"private", nullptr}, {"clear", nullptr}, {"note", r.clear_note}}},
         {"metrics", json::object()},
         {"curves", {{"loss", points_json(r.loss)}, {"clear_loss", points_json(r.clear_loss)}}},
         {"parties", json::object()},
         {"disclosures", json::array()},
         {"security", r.security}};
  if (r.metric == "accuracy") {
    j["accuracy"]["private"] = number_or_null(r.private_metric);
    j["accuracy"]["clear"] = number_or_null(r.clear_metric);
  }
  j["metrics"][r.metric] = {{"private", number_or_null(r.private_metric)},
                            {"clear", number_or_null(r.clear_metric)}};
  j["security"]["threat"] = r.threat;
  for (const auto& p : r.parties) j["parties"][p.name] = to_json(p);
  j["party_order"] = json::array();
  for (const auto& p : r.parties) j["party_order"].push_back(p.name);
  for (const auto& d : r.disclosures) j["disclosures"].push_back(to_json(d));
  if (r.agreement)
    j["agreement"] = {{"examples", r.agreement->examples},
                      {"same_class", r.agreement->same_class},
                      {"close_calls", r.agreement->close_calls},
                      {"score_bound", r.agreement->score_bound},
                      {"worst_difference", r.agreement->worst_difference}};
  if (r.guard) j["overflow_guard"] = to_json(*r.guard);
  add_more(j, r);
  return j;
}

RunReport report_from_json(const json& j) {
  try {
    RunReport r;
    const json& job = j.at("job");
    r.job = job.at("name").get<std::string>();
    r.job_hash = job.at("hash").get<std::string>();
    r.protocol = job.at("protocol").get<std::string>();
    r.profile = job.at("profile").get<std::string>();
    r.fraction_bits = whole_number<unsigned>(job.at("fraction_bits"));
    r.epochs = whole_number<std::size_t>(job.at("epochs"));
    r.parameters = whole_number<std::size_t>(job.at("parameters"));
    r.train_rows = whole_number<std::size_t>(job.at("train_rows"));
    r.test_rows = whole_number<std::size_t>(job.at("test_rows"));
    r.steps = whole_number<std::size_t>(job.at("steps"));
    r.mode = j.at("mode").get<std::string>();
    r.stamps = j.at("stamps").get<std::vector<std::string>>();
    r.machine = j.at("machine").get<std::string>();
    r.seconds = j.at("seconds").get<double>();
    if (j.contains("resumed")) r.resumed = whole_numbers<std::vector<std::size_t>>(j.at("resumed"));
    r.clear_note = j.at("accuracy").at("note").get<std::string>();
    for (const auto& [name, pair] : j.at("metrics").items()) {
      r.metric = name;
      r.private_metric = optional_number(pair.at("private"));
      r.clear_metric = optional_number(pair.at("clear"));
    }
    r.loss = points_from(j.at("curves").at("loss"));
    r.clear_loss = points_from(j.at("curves").at("clear_loss"));
    for (const json& name : j.at("party_order")) {
      PartyStats s = stats_from_json(j.at("parties").at(name.get<std::string>()));
      s.name = name.get<std::string>();
      r.parties.push_back(std::move(s));
    }
    for (const json& d : j.at("disclosures"))
      r.disclosures.push_back({d.at("what").get<std::string>(), d.at("to").get<std::vector<std::string>>(),
                               d.at("purpose").get<std::string>(), whole_number<std::uint64_t>(d.at("bits")),
                               whole_number<std::uint64_t>(d.at("times"))});
    r.security = j.at("security").get<std::map<std::string, std::string>>();
    r.threat = r.security["threat"];
    r.security.erase("threat");
    if (j.contains("agreement")) {
      const json& a = j.at("agreement");
      r.agreement = {whole_number<std::size_t>(a.at("examples")),
                     whole_number<std::size_t>(a.at("same_class")),
                     whole_number<std::size_t>(a.at("close_calls")), a.at("score_bound").get<double>(),
                     a.at("worst_difference").get<double>()};
    }
    if (j.contains("overflow_guard")) r.guard = guard_from(j.at("overflow_guard"));
    take_more(r, j);
    return r;
  } catch (const json::exception& e) { throw UsageError(fmt::format("no report of tacit: {}", e.what())); }
}

RunReport read_report(const std::filesystem::path& file) {
  std::ifstream in(file);
  require(in.good(), "there is no report '{}'", file.string());
  try {
    return report_from_json(json::parse(in));
  } catch (const json::exception&) {
    throw UsageError(fmt::format("'{}' is no report of tacit: it is not JSON", file.string()));
  } catch (const UsageError& e) { throw UsageError(fmt::format("'{}' is {}", file.string(), e.what())); }
}

std::uint64_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

namespace {

/// The file with that name, which no other process is writing; or -1.
int open_alone(const char* name) {
  for (;;) {
    const int fd = ::open(name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0 && errno == ELOOP && ::unlink(name) == 0) continue;  // a link leads elsewhere
    if (fd < 0) return -1;
    struct stat own, named;
    if (::flock(fd, LOCK_EX) != 0 || ::fstat(fd, &own) != 0) {
      ::close(fd);
      return -1;
    }
    // Who held it before may have given it its real name.
    if (::lstat(name, &named) == 0 && own.st_dev == named.st_dev && own.st_ino == named.st_ino) return fd;
    ::close(fd);
  }
}

}  // namespace

void write_file(const std::filesystem::path& file, std::string_view text) {
  if (file.has_parent_path()) {
    std::error_code error;
    std::filesystem::create_directories(file.parent_path(), error);
    if (error)
      throw IoError(
          fmt::format("cannot make the folder '{}': {}", file.parent_path().string(), error.message()));
  }
  // Always the same name: the half of a process that was killed goes with the next try.
  const std::string temporary = file.string() + ".part";
  const int fd = open_alone(temporary.c_str());
  bool good = fd >= 0 && ::ftruncate(fd, 0) == 0;
  for (std::size_t done = 0; good && done < text.size();) {
    const ssize_t n = ::write(fd, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    good = n > 0;
    if (good) done += static_cast<std::size_t>(n);
  }
  good = good && ::fsync(fd) == 0 && ::rename(temporary.c_str(), file.c_str()) == 0;
  const int error = errno;
  if (!good && fd >= 0) ::unlink(temporary.c_str());
  if (fd >= 0) ::close(fd);
  if (!good) {
    const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
    throw IoError(fmt::format("cannot write '{}': {}{}", file.string(), std::strerror(error),
                              full ? ": make room on the disk" : ""));
  }
}

}  // namespace tacit
