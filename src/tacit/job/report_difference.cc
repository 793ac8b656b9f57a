#include "tacit/job/report_difference.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "tacit/base/error.h"
#include "tacit/job/phases.h"

namespace tacit {

using nlohmann::json;

namespace {

using Figure = ReportDifference::Figure;

/// Over parties: bytes add up, while rounds and seconds pass for all at once.
std::map<std::string, Cost> phases_of(const RunReport& r) {
  std::map<std::string, Cost> out;
  for (const PartyStats& p : r.parties)
    for (const auto& [phase, cost] : costs_by_phase(p.scopes)) {
      Cost& all = out[phase];
      all.payload += cost.payload;
      all.rounds = std::max(all.rounds, cost.rounds);
      all.seconds = std::max(all.seconds, cost.seconds);
    }
  return out;
}

std::optional<double> over_parties(const RunReport& r, double (*of)(const PartyStats&), bool sum) {
  std::optional<double> out;
  for (const PartyStats& p : r.parties) out = !out ? of(p) : sum ? *out + of(p) : std::max(*out, of(p));
  return out;
}

std::optional<double> last_of(const std::vector<LossPoint>& points) {
  return points.empty() ? std::nullopt : std::optional(points.back().loss);
}

std::map<std::string, std::string> all_settings(const RunReport& r) {
  std::map<std::string, std::string> out = r.settings;
  out["job.name"] = r.job;
  out["job.protocol"] = r.protocol;
  out["job.profile"] = r.profile;
  out["job.fraction_bits"] = std::to_string(r.fraction_bits);
  out["training.epochs"] = std::to_string(r.epochs);
  out["data: metric"] = r.metric;
  out["data: rows to train on"] = std::to_string(r.train_rows);
  out["data: rows to test on"] = std::to_string(r.test_rows);
  out["run: mode"] = r.mode;
  out["run: machine"] = r.machine;
  for (const std::string& stamp : r.stamps)
    out["run: stamps"] += (out["run: stamps"].empty() ? "" : ", ") + stamp;
  return out;
}

json number(const std::optional<double>& x) { return x && std::isfinite(*x) ? json(*x) : json(nullptr); }

constexpr std::string_view kKinds[] = {"seconds", "bytes", "count", "metric"};

}  // namespace

std::optional<double> ReportDifference::Figure::relative() const {
  if (!a || !b || *a == 0 || !std::isfinite(*a) || !std::isfinite(*b)) return std::nullopt;
  return (*b - *a) / std::fabs(*a);
}

ReportDifference difference(const RunReport& a, const RunReport& b) {
  ReportDifference out;
  out.same_job = a.job_hash == b.job_hash;
  auto add = [&](std::string name, Figure::Kind kind, std::optional<double> x, std::optional<double> y) {
    if (x || y) out.figures.push_back({std::move(name), kind, x, y});
  };
  using Kind = Figure::Kind;
  auto parties = [&](std::string name, Kind kind, double (*of)(const PartyStats&), bool sum) {
    add(std::move(name), kind, over_parties(a, of, sum), over_parties(b, of, sum));
  };
  add("time", Kind::Seconds, a.seconds, b.seconds);
  parties(
      "sent by all parties", Kind::Size,
      [](const PartyStats& p) { return static_cast<double>(p.total.payload); }, true);
  parties(
      "rounds", Kind::Count, [](const PartyStats& p) { return static_cast<double>(p.total.rounds); }, false);
  parties(
      "peak memory of a party", Kind::Size,
      [](const PartyStats& p) { return static_cast<double>(p.memory_bytes); }, false);
  // Different metrics are not one figure.
  if (a.metric == b.metric) {
    add("private " + a.metric, Kind::Metric, a.private_metric, b.private_metric);
    add("clear " + a.metric, Kind::Metric, a.clear_metric, b.clear_metric);
  }
  add("last private loss", Kind::Metric, last_of(a.loss), last_of(b.loss));
  add("last clear loss", Kind::Metric, last_of(a.clear_loss), last_of(b.clear_loss));
  add("steps", Kind::Count, static_cast<double>(a.steps), static_cast<double>(b.steps));
  add("parameters", Kind::Count, static_cast<double>(a.parameters), static_cast<double>(b.parameters));
  add("breaks that were resumed", Kind::Count, static_cast<double>(a.resumed.size()),
      static_cast<double>(b.resumed.size()));
  const auto x = phases_of(a), y = phases_of(b);
  std::set<std::string> names;
  for (const auto* list : {&x, &y})
    for (const auto& [name, cost] : *list) names.insert(name);
  for (const std::string& name : names) {
    auto of = [&](const std::map<std::string, Cost>& list, bool bytes) -> std::optional<double> {
      const auto at = list.find(name);
      if (at == list.end()) return std::nullopt;
      return bytes ? static_cast<double>(at->second.payload) : at->second.seconds;
    };
    add(name + ": time", Kind::Seconds, of(x, false), of(y, false));
    add(name + ": sent", Kind::Size, of(x, true), of(y, true));
  }
  auto p = all_settings(a), q = all_settings(b);
  for (const auto& [key, value] : p)
    if (q[key] != value) out.settings.push_back({key, value, q[key]});
  for (const auto& [key, value] : q)
    if (!p.contains(key) && !value.empty()) out.settings.push_back({key, "", value});
  return out;
}

json to_json(const ReportDifference& d) {
  json j{{"same_job", d.same_job}, {"figures", json::array()}, {"settings", json::array()}};
  for (const Figure& f : d.figures)
    j["figures"].push_back({{"name", f.name},
                            {"kind", kKinds[static_cast<std::size_t>(f.kind)]},
                            {"a", number(f.a)},
                            {"b", number(f.b)},
                            {"relative", number(f.relative())}});
  for (const ReportDifference::Setting& s : d.settings)
    j["settings"].push_back({{"key", s.key}, {"a", s.a}, {"b", s.b}});
  return j;
}

}  // namespace tacit
