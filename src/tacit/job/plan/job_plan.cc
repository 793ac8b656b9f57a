#include "tacit/job/plan/job_plan.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/job/doctor/needs.h"
#include "tacit/job/plan/upload_clock.h"
#include "tacit/job/upload.h"
#include "tacit/mpc/table.h"

namespace tacit::planning {

namespace {

/// A party's process with its libraries, before it holds anything of a job.
constexpr std::uint64_t kProcess = std::uint64_t{32} << 20;
/// What comes and goes within a step, beside what it keeps to its end, makes this many times as much
/// together: as measured on network C.
constexpr std::uint64_t kAtTheMost = 3;

/// Seconds of computing in each part of a run, as steps that were measured tell.
class Computing {
 public:
  Computing(const Job& job, const JobPlan& plan, const StepTimes& times, const DryRun& run)
      : times_(times),
        trained_(static_cast<double>(plan.split.train * job.training.epochs) /
                 static_cast<double>(times.rows)),
        tested_(static_cast<double>(plan.split.test) / static_cast<double>(times.rows)),
        steps_(static_cast<double>(plan.steps)),
        run_(run) {
    const Conditions& c = plan.conditions;
    // What one processor would have worked for each party; and how many work for it where it will run.
    const auto parties = static_cast<double>(job.parties.size());
    const double threads = std::max(1.0, std::floor(c.processors / parties));
    const double here = c.shared ? std::min<double>(c.processors, parties * threads) / parties : c.processors;
    factor_ = times.processors / parties / here;
    double bytes = 0;
    for (const char* pass : {"forward", "backward", "update"}) {
      passes_ += training(pass);
      if (const auto at = run.scopes.find(std::string("train/") + pass); at != run.scopes.end())
        bytes += static_cast<double>(at->second.payload);
    }
    per_byte_ = bytes > 0 ? passes_ / bytes : 0;
  }

  double of(const std::string& path) const {
    if (path == "train") return passes_ + guarding();
    if (path == "train/guard") return guarding();
    if (path.starts_with("train/")) return training(path.substr(6));
    if (path == "measure") return tested_ * (step("forward") - step("forward/loss"));
    if (path.starts_with("measure/")) return tested_ * step("forward/" + path.substr(8));
    return 0;
  }
  double all() const { return of("train") + (run_.scopes.contains("measure") ? of("measure") : 0); }

 private:
  double step(const std::string& path) const {
    const auto at = times_.scopes.find(path);
    return at == times_.scopes.end() ? 0 : factor_ * at->second;
  }
  /// Gradients are summed over the rows, so that the update takes the same for any number of them.
  double training(const std::string& path) const {
    return step(path) * (path.starts_with("update") ? steps_ : trained_);
  }
  /// Checks are not among the steps that were measured: they send, and compute, as activations do.
  double guarding() const {
    const auto at = run_.scopes.find("train/guard");
    return at == run_.scopes.end() ? 0 : per_byte_ * static_cast<double>(at->second.payload);
  }

  const StepTimes& times_;
  double trained_, tested_, steps_, factor_ = 1, passes_ = 0, per_byte_ = 0;
  const DryRun& run_;
};

double on_link(const LinkShape& link, const Cost& cost) {
  return static_cast<double>(cost.rounds) * link.one_way_seconds +
         (link.bytes_per_second > 0 ? static_cast<double>(cost.payload) / link.bytes_per_second : 0);
}

/// Of each owner's data, the bytes of the component that is sent in full, and which one it is.
struct Uploaded {
  std::uint64_t bytes;
  unsigned component;
};
std::vector<Uploaded> uploads_of(const Job& job, const Rows& rows) {
  const unsigned components = components_of(protocol_named(job.protocol));
  const std::uint64_t width = feature_width(job.data.schema) + target_width(job.data.schema);
  std::vector<Uploaded> out;
  // Who holds which columns is not in the job: as if all held the same number.
  const std::uint64_t share = job.data.holding == Holding::SomeColumns ? rows.size() : 1;
  for (std::size_t i = 0; i < rows.size(); ++i)
    out.push_back({(rows[i] * width + share - 1) / share * sizeof(Word),
                   full_component(job, job.data.owners[i], components)});
  return out;
}

/// Owners bring their data at the same time; each sends a component in full to all who hold it.
double upload_seconds(const Job& job, const JobPlan& plan) {
  const LinkShape& link = plan.conditions.link;
  if (link.bytes_per_second <= 0) return 0;
  double most = 0;
  for (const Uploaded& u : uploads_of(job, plan.rows)) {
    double bytes = 0;
    for (const auto& set : protocol_named(job.protocol).component_sets)
      if (std::find(set.begin(), set.end(), u.component) != set.end()) bytes += static_cast<double>(u.bytes);
    most = std::max(most, bytes);
  }
  return most / link.bytes_per_second;
}

void add_places(PartyPlan& to, const Job& job, const nn::Graph& graph, const Rows& rows, PartyId self) {
  const auto& set = protocol_named(job.protocol).component_sets[index(self)];
  const std::uint64_t model = graph.parameter_count() * set.size() * sizeof(Word);
  const bool checkpoints = job.checkpoint_every > 0;
  // The numbers of the model file, too.
  to.stats.memory_bytes = kProcess + kAtTheMost * doctor::step_memory(job, graph, self) +
                          graph.parameter_count() * sizeof(double);
  to.disk_bytes = model;
  // Two at a time: the new one is there before the old one goes.
  if (checkpoints) to.disk_bytes += 2 * model * (1 + doctor::remembered(job.training.optimiser.name));
  for (const Uploaded& u : uploads_of(job, rows)) {
    if (std::find(set.begin(), set.end(), u.component) == set.end()) continue;
    to.disk_bytes += (checkpoints ? 2 : 1) * u.bytes;
    to.stats.memory_bytes += std::min<std::uint64_t>(u.bytes, kComponentInMemory);
  }
}

void join(Cost& all, const Cost& one) {
  all.payload += one.payload;
  all.rounds = std::max(all.rounds, one.rounds);
  all.seconds = std::max(all.seconds, one.seconds);
}

std::vector<LayerPlan> layers_of(const nn::Graph& graph, const std::vector<PartyPlan>& parties) {
  std::vector<LayerPlan> out;
  for (const nn::Node& node : graph.nodes) out.push_back({node.name, std::string(node.op->name), {}, {}, {}});
  out.push_back({"loss", "", {}, {}, {}});
  for (LayerPlan& layer : out)
    for (const PartyPlan& p : parties) {
      const auto take = [&](Cost& to, const std::string& path) {
        if (const auto at = p.stats.scopes.find(path); at != p.stats.scopes.end()) join(to, at->second);
      };
      take(layer.forward, "train/forward/" + layer.name);
      take(layer.backward, "train/backward/" + layer.name);
      take(layer.other, "measure/" + layer.name);
    }
  return out;
}

}  // namespace

Cost LayerPlan::all() const {
  Cost sum = forward;
  sum += backward;
  sum += other;
  return sum;
}

double JobPlan::seconds() const {
  double out = 0;
  for (const PartyPlan& p : parties) out = std::max(out, p.stats.total.seconds);
  return out;
}
std::uint64_t JobPlan::bytes() const {
  std::uint64_t out = 0;
  for (const PartyPlan& p : parties) out += p.stats.total.payload;
  return out;
}
std::uint64_t JobPlan::rounds() const {
  std::uint64_t out = 0;
  for (const PartyPlan& p : parties) out = std::max(out, p.stats.total.rounds);
  return out;
}
std::uint64_t JobPlan::memory() const {
  std::uint64_t out = 0;
  for (const PartyPlan& p : parties) out = std::max(out, p.stats.memory_bytes);
  return out;
}

std::vector<std::size_t> JobPlan::dearest() const {
  std::vector<std::size_t> out(layers.size());
  std::iota(out.begin(), out.end(), std::size_t{0});
  std::stable_sort(out.begin(), out.end(), [&](std::size_t a, std::size_t b) {
    return layers[a].all().seconds > layers[b].all().seconds;
  });
  return out;
}

JobPlan plan_job(const Job& job, const nn::Graph& graph, const Rows& rows, const StepTimes& times,
                 const Conditions& conditions) {
  JobPlan out;
  out.rows = rows;
  out.split = split_of(job, rows);
  out.parameters = graph.parameter_count();
  out.conditions = conditions;
  for (std::size_t p = 0; p < job.parties.size(); ++p) {
    const DryRun run = dry_run(job, graph, rows, party_id(p));
    out.steps = run.steps;
    const Computing computing(job, out, times, run);
    PartyPlan party;
    party.stats.name = job.parties[p].name;
    party.stats.total = run.total;
    party.stats.scopes = run.scopes;
    for (auto& [path, cost] : party.stats.scopes)
      cost.seconds = computing.of(path) + on_link(conditions.link, cost);
    const double upload = upload_seconds(job, out);
    party.stats.scopes["sharing"].seconds += upload;
    party.stats.total.seconds = computing.all() + upload + on_link(conditions.link, run.total);
    add_places(party, job, graph, rows, party_id(p));
    out.parties.push_back(std::move(party));
  }
  out.layers = layers_of(graph, out.parties);
  return out;
}

void put_plan_beside(RunReport& report, const Job& job, const JobPlan* planned_before) {
  report.planned.clear();
  Rows rows;
  for (const std::string& owner : job.data.owners)
    if (const auto at = report.rows.find(owner); at != report.rows.end()) rows.push_back(at->second);
  if (!report.resumed.empty() || rows.size() != job.data.owners.size()) return;
  if (planned_before != nullptr && planned_before->rows == rows) {
    for (const PartyPlan& p : planned_before->parties) report.planned.push_back(p.stats);
    return;
  }
  const nn::Graph graph = build_model(job);
  if (!is_quick(job, graph, rows)) return;
  for (std::size_t p = 0; p < job.parties.size(); ++p) {
    DryRun run = dry_run(job, graph, rows, party_id(p));
    PartyStats stats;
    stats.name = job.parties[p].name;
    stats.total = run.total;
    stats.scopes = std::move(run.scopes);
    report.planned.push_back(std::move(stats));
  }
}

std::vector<std::string> misfits(const Job& job, const JobPlan& plan) {
  std::vector<std::string> out;
  const Conditions& c = plan.conditions;
  const auto size = [](std::uint64_t n) { return human_bytes(static_cast<double>(n)); };
  const auto hold = [&](const std::string& who, const char* need, std::uint64_t memory, std::uint64_t disk) {
    if (c.memory > 0 && memory > c.memory)
      out.push_back(
          fmt::format("{} {} about {} of memory, and {} are free: take a smaller batch (now {}) or "
                      "model, or a machine with more",
                      who, need, size(memory), size(c.memory), job.training.batch));
    if (c.disk > 0 && disk > c.disk)
      out.push_back(
          fmt::format("{} {} {} of disk, and {} are free: free some, name a folder on another disk "
                      "with --state, or, if it is for checkpoints, set checkpoint_every = 0",
                      who, need, size(disk), size(c.disk)));
  };
  std::uint64_t memory = 0, disk = 0;
  for (const PartyPlan& p : plan.parties) {
    memory += p.stats.memory_bytes;
    disk += p.disk_bytes;
    if (!c.shared) hold(p.stats.name, "needs", p.stats.memory_bytes, p.disk_bytes);
  }
  if (c.shared) hold(fmt::format("the {} parties on one machine", plan.parties.size()), "need", memory, disk);
  return out;
}

}  // namespace tacit::planning
