// What training a job will cost, before any data move, in tables for people and as JSON.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "planning.h"
#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/job/doctor/machine.h"
#include "tacit/job/plan/substitutes.h"
#include "tacit/serve/loopback.h"

namespace tacit::app {

namespace {

using nlohmann::json;
using namespace planning;

/// Rows that are read at a time to count them; layers in the table; and seconds of measuring for a model that
/// is only thought of.
constexpr std::size_t kBlockRows = 4096, kMostLayers = 12;
constexpr double kVariantSeconds = 0.5;
constexpr double kGigabyte = 1e9;

std::string size_of(std::uint64_t n) { return human_bytes(static_cast<double>(n)); }

std::string names(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& name : list) out += (out.empty() ? "" : ",") + name;
  return out;
}

/// "1000" for all owners alike, or "1000,500".
Rows parse_rows(const Job& job, const std::string& text) {
  Rows out;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    std::uint64_t n = 0;
    const auto [stop, error] = std::from_chars(text.data() + at, text.data() + end, n);
    require(error == std::errc() && stop == text.data() + end && n > 0,
            "--rows {}: '{}' is no number of rows; write one for all owners, or one each: {}", text,
            text.substr(at, end - at), job.data.owners.size() > 1 ? "1000,500" : "1000");
    out.push_back(n);
    at = end + 1;
  }
  const std::size_t owners = job.data.owners.size();
  require(out.size() == 1 || out.size() == owners, "--rows {}: {} numbers, and {} owners bring data ({})",
          text, out.size(), owners, names(job.data.owners));
  if (out.size() == 1) out.resize(owners, out[0]);
  return out;
}

Rows rows_of(const Job& job, const PlanOptions& o) {
  require(o.rows.empty() || o.data.empty(), "rows are counted in --data: leave --rows away");
  if (!o.rows.empty()) return parse_rows(job, o.rows);
  require(!o.data.empty(),
          "how many rows owners bring is not in the job: say it with --rows, one number for all or one each "
          "({}), "
          "or name their files with --data OWNER=FILE",
          names(job.data.owners));
  return rows_in(job, o.data, o.labels);
}

/// Whether this machine, of which so much is free if that is known, can run steps to measure them.
bool fits(const Job& job, const nn::Graph& graph, std::uint64_t free) {
  return free == 0 || memory_to_measure(job, graph) < free;
}

void print_costs(const std::string& name, const Cost& c) {
  std::printf("  %-28s %10s %12s %10llu\n", name.c_str(), human_seconds(c.seconds).c_str(),
              size_of(c.payload).c_str(), static_cast<unsigned long long>(c.rounds));
}

void print_parties(const JobPlan& plan) {
  std::printf("%-30s %10s %12s %10s %10s %10s\n", "party", "time", "sends", "rounds", "memory", "disk");
  for (const PartyPlan& p : plan.parties)
    std::printf("  %-28s %10s %12s %10llu %10s %10s\n", p.stats.name.c_str(),
                human_seconds(p.stats.total.seconds).c_str(), size_of(p.stats.total.payload).c_str(),
                static_cast<unsigned long long>(p.stats.total.rounds), size_of(p.stats.memory_bytes).c_str(),
                size_of(p.disk_bytes).c_str());
}

/// Of all parties: what they send, and the longest time and chain.
void print_phases(const JobPlan& plan) {
  std::printf("\n%-30s %10s %12s %10s\n", "phase, all parties", "time", "send", "rounds");
  for (const char* phase : {"sharing", "train", "train/forward", "train/backward", "train/update",
                            "train/guard", "checkpoint", "measure", "release"}) {
    Cost all;
    bool there = false;
    for (const PartyPlan& p : plan.parties) {
      const auto at = p.stats.scopes.find(phase);
      if (at == p.stats.scopes.end()) continue;
      there = true;
      all.payload += at->second.payload;
      all.rounds = std::max(all.rounds, at->second.rounds);
      all.seconds = std::max(all.seconds, at->second.seconds);
    }
    const std::string name = phase;
    const std::size_t slash = name.find('/');
    if (there) print_costs(slash == std::string::npos ? name : "  " + name.substr(slash + 1), all);
  }
}

void print_layers(const JobPlan& plan) {
  std::printf("\n%-30s %10s %12s %10s\n", "layer, the dearest first", "time", "send", "rounds");
  const auto order = plan.dearest();
  for (std::size_t i = 0; i < std::min(order.size(), kMostLayers); ++i) {
    const LayerPlan& l = plan.layers[order[i]];
    print_costs(l.op.empty() ? l.name : fmt::format("{} ({})", l.name, l.op), l.all());
  }
  if (order.size() > kMostLayers) std::printf("  and %zu more\n", order.size() - kMostLayers);
}

}  // namespace

Rows rows_in(const Job& job, const std::vector<std::string>& data, const std::vector<std::string>& labels) {
  const auto files = data_by_owner(job, data, labels, "");
  Rows out;
  for (const std::string& owner : job.data.owners) {
    require(files.contains(owner), "the data of '{0}' are missing: add --data {0}=FILE", owner);
    const auto reader =
        open_examples(files.at(owner), job.data.schema, {.with_label = true, .holding = job.data.holding});
    std::uint64_t rows = 0;
    for (std::size_t more; (more = reader->next(kBlockRows).rows) > 0;) rows += more;
    out.push_back(rows);
  }
  return out;
}

Conditions conditions_of(const Job& job, const std::string& link, unsigned cores) {
  const bool local = link.empty();
  Conditions out;
  if (!local) out.link = parse_link(link);
  // Whatever the link, messages go through two processes.
  const LinkShape here = measure_loopback(job.parties.size());
  out.link.one_way_seconds += here.one_way_seconds;
  out.link.bytes_per_second = out.link.bytes_per_second > 0
                                  ? std::min(out.link.bytes_per_second, here.bytes_per_second)
                                  : here.bytes_per_second;
  out.shared = local || cores > 0;
  out.processors = cores > 0 ? cores : available_processors();
  return out;
}

Planned planning_of(const Job& job, const std::vector<std::string>& data,
                    const std::vector<std::string>& labels, const std::string& link, unsigned cores) {
  const nn::Graph graph = build_model(job);
  const Rows rows = rows_in(job, data, labels);
  StepTimes times = measure_steps(job, graph, kMeasureSeconds);
  JobPlan plan = plan_job(job, graph, rows, times, conditions_of(job, link, cores));
  return {std::move(times), std::move(plan)};
}

json plan_training(const PlanOptions& o, const Style& style) {
  const Job job = read_job(o.file, Keys::MadeLater);
  const Rows rows = rows_of(job, o);
  split_of(job, rows);  // before anything is measured
  const nn::Graph graph = build_model(job);
  say(style, "measuring what steps take on this machine ...");
  Conditions conditions = conditions_of(job, o.link, o.cores);
  conditions.memory =
      o.memory > 0 ? static_cast<std::uint64_t>(o.memory * kGigabyte) : doctor::look_at_machine().memory_free;
  conditions.disk = o.disk > 0 ? static_cast<std::uint64_t>(o.disk * kGigabyte)
                               : doctor::free_disk(o.file.parent_path()).value_or(0);
  const std::uint64_t free = doctor::look_at_machine().memory_free;
  const TimeSteps time_variant = [&](const Job& j, const nn::Graph& g) {
    return fits(j, g, free) ? measure_steps(j, g, kVariantSeconds) : StepTimes{};
  };
  const bool measured = fits(job, graph, free);
  const StepTimes times = measured ? measure_steps(job, graph, kMeasureSeconds) : StepTimes{};
  if (!is_quick(job, graph, rows))
    say(style, "planning every guarded step: what it costs follows from the steps before it ...");
  const JobPlan plan = plan_job(job, graph, rows, times, conditions);
  std::vector<Saving> savings;
  if (is_quick(job, graph, rows)) {
    say(style, "looking for what would be cheaper ...");
    savings = cheaper(job, graph, plan, times, time_variant);
  }

  json out = to_json(job, plan);
  out["measured"] = measured;
  out["link"] = o.link.empty() ? "local" : o.link;
  out["processors"] = {{"count", conditions.processors}, {"shared", conditions.shared}};
  out["cheaper"] = json::array();
  for (const Saving& s : savings) out["cheaper"].push_back(to_json(s));
  if (style.json) return out;

  std::printf("%s: %llu rows to train on and %llu to measure on, %zu parameters, %llu steps of %zu rows\n",
              job.name.c_str(), static_cast<unsigned long long>(plan.split.train),
              static_cast<unsigned long long>(plan.split.test), plan.parameters,
              static_cast<unsigned long long>(plan.steps), job.training.batch);
  std::printf(
      "link: %s; %s\n\n", o.link.empty() ? "local (all on this machine)" : o.link.c_str(),
      conditions.shared
          ? fmt::format("all parties share {} processors", conditions.processors).c_str()
          : fmt::format("each party has a machine like this one, of {} processors", conditions.processors)
                .c_str());
  print_parties(plan);
  print_phases(plan);
  print_layers(plan);
  std::printf(
      "\nBytes and rounds are exact. Time, memory and disk are estimates%s;\n"
      "reading and encoding the owners' files comes on top.\n\n",
      measured ? ", from steps measured on this machine"
               : ".\nThis machine has not the memory to measure a step: the time is that of the link alone");
  const auto missing = misfits(job, plan);
  for (const std::string& m : missing) std::printf("Will not fit: %s.\n", m.c_str());
  if (missing.empty()) std::printf("It fits, as far as estimates can tell.\n");
  for (const Saving& s : savings) std::printf("Cheaper: %s.\n", words(s).c_str());
  return out;
}

}  // namespace tacit::app
