// The doctor's findings, for people as they are made and as JSON at the end: of one party, or of all parties
// as processes of this machine.
#include "tacit/job/doctor/doctor.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "drive.h"
#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/job/report.h"

namespace tacit::app {

namespace {

using nlohmann::json;
using std::chrono::milliseconds;

// Of --local: nobody has far to come.
constexpr milliseconds kLocalWait{20000};
// What measuring may take at the most, beyond waiting.
constexpr milliseconds kMeasuring{120000};

void print(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

json examine_here(const DoctorOptions& options, const Style& style) {
  const fs::path beside = options.job.parent_path();
  auto or_beside = [&](const fs::path& given, const char* ending) {
    return given.empty() ? beside / (options.party + ending) : given;
  };
  ProgressSink sink(options.progress_fd, style);
  doctor::Settings s;
  s.job_file = options.job;
  s.read_job = [&] { return read_job_with_overrides(options.job, options.overrides); };
  s.party = options.party;
  s.key = or_beside(options.key, ".key");
  s.out = or_beside(options.out, "-out");
  s.state = or_beside(options.state, "-state");
  if (options.wait > 0) s.wait = milliseconds(static_cast<milliseconds::rep>(options.wait * 1000));
  if (options.listen_fd >= 0) s.listener = FileDescriptor(options.listen_fd);
  s.progress = [&](const std::string& what) { sink({what, 0, 0, std::nullopt, 0}); };
  const bool printing = !style.json && options.findings.empty();
  const auto findings = doctor::examine(std::move(s), [&](const doctor::Finding& f) {
    if (!printing) return;
    sink.finish();
    print(doctor::to_line(f));
  });
  sink.finish();
  if (printing) print(doctor::summary(findings));
  json out{{"party", options.party},
           {"findings", json::array()},
           {"exit_code", doctor::exit_code(findings)},
           {"summary", doctor::summary(findings)}};
  for (const doctor::Finding& f : findings) out["findings"].push_back(doctor::to_json(f));
  if (!options.findings.empty()) write_file(options.findings, out.dump());
  return out;
}

/// Each party's doctor as a process of its own: what one operator would see of a job that is tried out here.
json examine_locally(const DoctorOptions& options, const Style& style) {
  LocalRun run(options);
  const TemporaryFolder folder;
  const auto names = run.job().party_names();
  const auto file_of = [&](const std::string& name) { return folder.path() / (name + ".json"); };
  const milliseconds wait =
      options.wait > 0 ? milliseconds(static_cast<milliseconds::rep>(options.wait * 1000)) : kLocalWait;
  std::vector<ChildSpec> children;
  for (std::size_t i = 0; i < names.size(); ++i) {
    ChildSpec child = run.child("doctor", party_id(i));
    child.arguments.insert(child.arguments.end(),
                           {"--findings", file_of(names[i]).string(), "--wait",
                            fmt::format("{:.3f}", std::chrono::duration<double>(wait).count())});
    children.push_back(std::move(child));
  }
  std::exception_ptr failure;
  try {
    ProgressLine line(style);
    // All of them are heard to the end: one that has found something wrong ends before the others.
    drive(children, wait + kMeasuring, [&](const std::string& name, const Progress& p) {
      if (name == names[0]) line.show(p);
    });
  } catch (const std::exception&) { failure = std::current_exception(); }
  json out{{"parties", json::object()}, {"exit_code", 0}};
  for (const std::string& name : names) {
    std::ifstream in(file_of(name));
    if (!in.good() && failure) std::rethrow_exception(failure);  // it found nothing, but ended otherwise
    const json told = json::parse(in);
    out["parties"][name] = told;
    const int code = told.at("exit_code").get<int>(), worst = out["exit_code"].get<int>();
    if (worst == 0 || code == 2) out["exit_code"] = code;
    if (style.json) continue;
    print(name + ":");
    for (const json& f : told.at("findings")) print("  " + doctor::to_line(doctor::finding_from_json(f)));
    print("  " + told.at("summary").get<std::string>());
  }
  return out;
}

}  // namespace

json examine(const DoctorOptions& options, const Style& style) {
  require(!options.local || options.party.empty(),
          "--local runs the doctors of all parties: leave --party away");
  return options.local ? examine_locally(options, style) : examine_here(options, style);
}

}  // namespace tacit::app
