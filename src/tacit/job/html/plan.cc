#include "tacit/job/html/plan.h"

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/job/html/parts.h"

namespace tacit::html {

namespace {

/// Scopes whose payload or rounds are not as planned; the whole run, first, under the name "whole run".
std::vector<std::string> differing(const PartyStats& plan, const PartyStats& run) {
  std::vector<std::string> out;
  if (!plan.total.same_traffic(run.total)) out.push_back("whole run");
  for (const auto& [path, cost] : run.scopes) {
    const auto at = plan.scopes.find(path);
    if (at == plan.scopes.end() || !at->second.same_traffic(cost)) out.push_back(path);
  }
  for (const auto& [path, cost] : plan.scopes)
    if (!run.scopes.contains(path)) out.push_back(path);
  return out;
}

std::string verdict(const RunReport& r) {
  std::vector<std::string> parties;
  for (std::size_t i = 0; i < r.planned.size(); ++i)
    if (const auto where = differing(r.planned[i], r.parties[i]); !where.empty())
      parties.push_back(fmt::format("{} ({})", escaped(r.parties[i].name),
                                    escaped(where.front()) + (where.size() > 1 ? " and others" : "")));
  if (parties.empty())
    return "<p class=\"lead\">Every party sent the bytes that were planned, in the rounds that were planned, "
           "in every phase "
           "and layer.";
  return fmt::format(
      "<p class=\"lead\"><span class=\"bad\">What was sent is not what was planned, at {}.</span>",
      listed(parties));
}

std::string off(double planned, double measured) {
  if (planned == measured) return "equal";
  if (!(planned > 0)) return "–";
  return fmt::format("{:+.1f} %", 100 * (measured - planned) / planned);
}

}  // namespace

std::string plan_section(const RunReport& r) {
  if (r.planned.empty() || r.planned.size() != r.parties.size()) return "";
  double sent = 0, time = 0, memory = 0;
  bool estimated = false;
  for (const auto* list : {&r.planned, &r.parties})
    for (const PartyStats& p : *list) {
      sent = std::max(sent, static_cast<double>(p.total.payload));
      time = std::max(time, p.total.seconds);
      memory = std::max(memory, static_cast<double>(p.memory_bytes));
    }
  for (const PartyStats& p : r.planned) estimated = estimated || p.total.seconds > 0;
  const Scale s = Scale::bytes(sent), t = Scale::seconds(time), m = Scale::bytes(memory);
  const auto row = [&](const std::string& name, const PartyStats& p, bool known, std::string_view style) {
    return Row{{name, s.text(static_cast<double>(p.total.payload)), grouped(p.total.rounds),
                known ? t.text(p.total.seconds) : "not planned",
                known ? m.text(static_cast<double>(p.memory_bytes)) : "not planned"},
               style};
  };
  std::vector<Row> rows;
  for (std::size_t i = 0; i < r.planned.size(); ++i) {
    rows.push_back(row(escaped(r.parties[i].name) + ", planned", r.planned[i], estimated, ""));
    rows.push_back(row("measured", r.parties[i], true, "child"));
    if (!estimated) continue;
    const Cost &plan = r.planned[i].total, &run = r.parties[i].total;
    rows.push_back({{"measured against planned",
                     off(static_cast<double>(plan.payload), static_cast<double>(run.payload)),
                     off(static_cast<double>(plan.rounds), static_cast<double>(run.rounds)),
                     off(plan.seconds, run.seconds),
                     off(static_cast<double>(r.planned[i].memory_bytes),
                         static_cast<double>(r.parties[i].memory_bytes))},
                    "child"});
  }
  const auto unit = [](std::string_view name, const Scale& scale) {
    return fmt::format("{}, {}", name, scale.unit());
  };
  return section("plan", "The plan and the run",
                 verdict(r) +
                     " Bytes and rounds follow from the job and the numbers of rows; seconds and memory are "
                     "estimates.</p>\n" +
                     table("Planned and measured",
                           {{"Party"},
                            {unit("Sent", s), true},
                            {"Rounds", true},
                            {unit("Time", t), true},
                            {unit("Memory", m), true}},
                           rows));
}

}  // namespace tacit::html
