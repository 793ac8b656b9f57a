// Training, in the three ways in which the same job runs.
#include <exception>
#include <nlohmann/json.hpp>
#include <thread>

#include "commands.h"
#include "drive.h"
#include "planning.h"
#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/job/clear.h"
#include "tacit/job/compare.h"
#include "tacit/job/html.h"
#include "tacit/job/plan/job_plan.h"
#include "tacit/net/transports/memory.h"

namespace tacit::app {

namespace {

using nlohmann::json;

json train_here(const TrainOptions& options, const Style& style) {
  Place place(options, style);
  RunReport report;
  if (place.job().is_party(place.self())) {
    require(options.data.empty(), "a compute party brings no data: leave --data away");
    place.connect();
    report = run_party(place.job(), place.self(), place.wire(), place.mode(), place.party_options());
  } else {
    OwnerOptions owner;
    const auto files = data_by_owner(place.job(), options.data, options.labels, options.owner);
    const auto& owners = place.job().data.owners;
    const bool brings = std::find(owners.begin(), owners.end(), options.owner) != owners.end();
    require(!brings || !options.data.empty() || options.resume,
            "'{}' brings data to this job: name the file with --data", options.owner);
    // A training that is resumed has the data; whether it is, the parties say.
    if (brings && !options.data.empty()) owner.data = files.at(options.owner);
    owner.collect = true;
    owner.back = place.owner_return();
    owner.progress = [&](const Progress& p) { place.sink()(p); };
    place.connect();
    const OwnerResult result =
        run_owner(place.job(), place.self(), place.wire(), place.identity(), place.mode(), owner);
    if (write_received_model(place.job(), result, place.out()))
      say(style, fmt::format("The model is in {}", (place.out() / "model.onnx").string()));
    report = result.report;
  }
  place.sink().finish();
  planning::put_plan_beside(report, place.job());
  place.write_report(report);
  say(style, fmt::format("Done in {}. The report is {}", human_seconds(report.seconds),
                         (place.out() / "report.html").string()));
  return to_json(report);
}

/// The driver runs everybody's part, so it may show what any of them was told.
void take_what_was_told(RunReport& report, const RunReport& at_another) {
  if (!report.private_metric) report.private_metric = at_another.private_metric;
  if (report.loss.empty()) report.loss = at_another.loss;
}

/// The plan of what is about to run, if it was asked for.
std::optional<planning::JobPlan> planned(const Job& job, const TrainOptions& options, const Style& style) {
  if (!options.plan) return std::nullopt;
  require(!options.resume, "a plan is of a whole training: --plan does not go with --resume");
  say(style, "planning ...");
  // All run here, whatever the link.
  return planning_of(job, options.data, options.labels, options.link, available_processors()).plan;
}

/// The files of the job's data owners, in the job's order.
std::vector<DataFiles> in_order(const Job& job, const std::map<std::string, DataFiles>& by_owner) {
  std::vector<DataFiles> out;
  for (const std::string& owner : job.data.owners) out.push_back(by_owner.at(owner));
  return out;
}

/// Writes what a driver has put together, with the clear run beside it if it was asked for.
json conclude(const Job& job, const TrainOptions& options, const fs::path& out, RunReport report,
              const std::optional<planning::JobPlan>& plan, const Style& style) {
  planning::put_plan_beside(report, job, plan ? &*plan : nullptr);
  if (options.clear) {
    const std::vector<DataFiles> files = in_order(job, data_by_owner(job, options.data, options.labels, ""));
    ProgressLine line(style);
    const ClearRun clear = run_clear(
        job, files, report.loss.empty() ? 20 : report.loss.size(), [&](std::size_t done, std::size_t total) {
          line.show({"training in the clear, to compare", done, total, std::nullopt, 0});
        });
    report.clear_metric = clear.metric;
    report.clear_loss = clear.loss;
    report.clear_note = "the same training in double precision by this driver, which has all owners' files";
  }
  write_file(out / "report.json", to_json(report).dump(2) + "\n");
  write_file(out / "report.html", html_of(report));
  say(style, fmt::format("Done in {}. The report is {}", human_seconds(report.seconds),
                         (out / "report.html").string()));
  return to_json(report);
}

std::map<std::string, DataFiles> all_files(const Job& job, const TrainOptions& options) {
  auto files = data_by_owner(job, options.data, options.labels, "");
  for (const std::string& owner : job.data.owners)
    require(files.contains(owner), "the data of '{0}' are missing: add --data {0}=FILE", owner);
  return files;
}

json simulate(const TrainOptions& options, const Style& style) {
  require(!options.resume,
          "a simulation keeps no checkpoints: --resume goes with --party, --owner or --local");
  require(!options.keep_data, "a simulation keeps no data: --keep-data goes with --party or --local");
  Job job = read_job(options.job, Keys::MadeLater);
  require_model(job);
  const auto files = all_files(job, options);
  const auto plan = planned(job, options, style);
  const fs::path out = options.out.empty() ? options.job.parent_path() / "simulation-out" : options.out;
  TemporaryFolder folder;
  { const Rehearsal keys(job, folder.path()); }
  std::optional<RunComparison> comparison;
  if (options.compare) comparison.emplace(job, in_order(job, files));
  const StepTap tap = comparison ? comparison->tap() : StepTap();
  // Threads tell of their own death; silence here is only somebody thinking.
  auto wires = memory_transports(job.names(), std::chrono::hours(24));
  std::vector<std::unique_ptr<Transport>> slow;
  if (!options.link.empty())
    for (const auto& wire : wires) slow.push_back(shaped(*wire, parse_link(options.link)));
  ProgressLine line(style);
  std::vector<std::exception_ptr> errors(wires.size());
  std::vector<std::thread> threads;
  std::vector<RunReport> reports(wires.size());
  for (std::size_t i = 0; i < wires.size(); ++i)
    threads.emplace_back([&, i] {
      Transport& wire = slow.empty() ? *wires[i] : *slow[i];
      try {
        const std::string name = job.names()[i];
        const fs::path own_out = out / (name + "-out");
        if (i < job.parties.size()) {
          PartyOptions party;
          party.state = out / (name + "-state");
          party.threads = threads_for(options.threads, job.parties.size());
          if (comparison) party.tap = &tap;
          if (i == 0) party.progress = [&](const Progress& p) { line.show(p); };
          reports[i] = run_party(job, party_id(i), wire, "simulation", party);
        } else {
          OwnerOptions owner;
          if (files.contains(name)) owner.data = files.at(name);
          owner.collect = true;
          const Identity identity = Identity::load(folder.path() / (name + ".key"));
          const OwnerResult result = run_owner(job, party_id(i), wire, identity, "simulation", owner);
          write_received_model(job, result, own_out);
          reports[i] = result.report;
        }
      } catch (const std::exception& e) {
        errors[i] = std::current_exception();
        wire.goodbye(e.what());
      }
    });
  for (auto& t : threads) t.join();
  line.finish();
  // Also of a run that was stopped: why is what it says.
  if (comparison) say(style, in_words(comparison->report()) + ".");
  for (const auto& e : errors) {
    try {
      if (e) std::rethrow_exception(e);
    } catch (const PeerError&) {  // somebody else's fault: look on for whose
    }
  }
  for (const auto& e : errors)
    if (e) std::rethrow_exception(e);
  RunReport report = reports.front();
  for (const RunReport& other : reports) take_what_was_told(report, other);
  report.stamps.push_back("simulation");
  if (!options.link.empty()) report.stamps.push_back("links slowed to " + options.link);
  if (comparison) {
    report.comparison = comparison->report();
    report.stamps.push_back("compared in the clear, on data that may be seen");
  }
  return conclude(job, options, out, std::move(report), plan, style);
}

json train_locally(const TrainOptions& options, const Style& style) {
  LocalRun run(options);
  const auto files = options.resume && !options.clear
                         ? data_by_owner(run.job(), options.data, options.labels, "")
                         : all_files(run.job(), options);
  const auto plan = planned(run.job(), options, style);
  std::vector<ChildSpec> children;
  const auto names = run.job().names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    ChildSpec child = run.child("train", party_id(i));
    if (files.contains(names[i])) {
      child.arguments.insert(child.arguments.end(), {"--data", files.at(names[i]).features.string()});
      if (!files.at(names[i]).labels.empty())
        child.arguments.insert(child.arguments.end(), {"--labels", files.at(names[i]).labels.string()});
    }
    if (!options.link.empty()) child.arguments.insert(child.arguments.end(), {"--link", options.link});
    if (options.resume) child.arguments.push_back("--resume");
    if (options.keep_data && run.job().is_party(party_id(i))) child.arguments.push_back("--keep-data");
    children.push_back(std::move(child));
  }
  {
    ProgressLine line(style);
    drive(children, run.job().patience, [&](const std::string& name, const Progress& p) {
      if (name == names[0]) line.show(p);
    });
  }
  RunReport report = read_report(run.out() / (names[0] + "-out") / "report.json");
  for (const std::string& name : names)
    take_what_was_told(report, read_report(run.out() / (name + "-out") / "report.json"));
  return conclude(run.job(), options, run.out(), std::move(report), plan, style);
}

}  // namespace

json train(const TrainOptions& options, const Style& style) {
  const int ways =
      !options.party.empty() + !options.owner.empty() + options.simulate + options.local + options.ranges;
  require(ways == 1,
          "say what to run: --party NAME or --owner NAME on its own machine, --local for all as processes "
          "here, "
          "--simulate for all as threads, or --ranges to train nothing and see how large numbers can become");
  if (options.ranges) return ranges(options.job, style);
  require(!options.clear || options.simulate || options.local,
          "--clear needs all data in one place: it goes with --simulate or --local");
  require(
      !options.plan || options.simulate || options.local,
      "--plan goes with --simulate or --local: for machines of their own, 'tacit plan' says beforehand what "
      "a run costs");
  require(!options.keep_data || options.owner.empty(),
          "an owner keeps its data anyway: --keep-data goes with --party or --local");
  require(!options.compare || options.simulate,
          "--compare needs all parties' shares in one process, and data that everybody may see: it goes with "
          "--simulate");
  require(!options.metrics || !options.party.empty(),
          "--metrics is for one party's own process: it goes with "
          "--party");
  if (options.simulate) return simulate(options, style);
  if (options.local) return train_locally(options, style);
  return train_here(options, style);
}

}  // namespace tacit::app
