#include "tacit/job/html/plan.h"

#include <algorithm>
#include <cmath>

#include "tacit/job/html/parts.h"

namespace tacit::html {

namespace {

/// "+3.2 %", "equal"; nothing to compare with gives a dash.
std::string off(double planned, double measured) {
  if (planned == measured) return "equal";
  if (!(planned > 0) || !std::isfinite(measured)) return "–";
  return fmt::format("{:+.1f} %", 100 * (measured - planned) / planned);
}

}  // namespace

std::string plan_section(const RunReport& r) {
  if (!r.plan) return "";
  double bytes = 0, seconds = 0, rounds = 0;
  struct Line {
    const std::string* name;
    const PlanReport::Party* planned;
    const Cost* measured;
  };
  std::vector<Line> lines;
  for (const PartyStats& p : r.parties)
    if (const auto at = r.plan->parties.find(p.name); at != r.plan->parties.end())
      lines.push_back({&at->first, &at->second, &p.total});
  if (lines.empty())
    return section("plan", "The plan beside the measurement",
                   "<p>The plan names none of the parties that were measured.</p>\n");
  for (const Line& l : lines) {
    bytes = std::max(
        {bytes, static_cast<double>(l.planned->bytes_sent), static_cast<double>(l.measured->payload)});
    rounds =
        std::max({rounds, static_cast<double>(l.planned->rounds), static_cast<double>(l.measured->rounds)});
    seconds = std::max({seconds, l.planned->seconds, l.measured->seconds});
  }
  const Scale b = Scale::bytes(bytes), n = Scale::counts(rounds), s = Scale::seconds(seconds);
  std::vector<Row> rows;
  for (const Line& l : lines) {
    const auto planned_bytes = static_cast<double>(l.planned->bytes_sent),
               measured_bytes = static_cast<double>(l.measured->payload),
               planned_rounds = static_cast<double>(l.planned->rounds),
               measured_rounds = static_cast<double>(l.measured->rounds);
    rows.push_back({{escaped(*l.name) + ", planned", b.with_bar(planned_bytes), n.with_bar(planned_rounds),
                     s.with_bar(l.planned->seconds)},
                    ""});
    rows.push_back({{"measured", b.with_bar(measured_bytes), n.with_bar(measured_rounds),
                     s.with_bar(l.measured->seconds)},
                    "child"});
    rows.push_back({{"measured against planned", off(planned_bytes, measured_bytes),
                     off(planned_rounds, measured_rounds), off(l.planned->seconds, l.measured->seconds)},
                    "child"});
  }
  return section("plan", "The plan beside the measurement",
                 table("What was predicted before any data moved, and what it came to",
                       {{"Party"},
                        {fmt::format("Sent, {}", b.unit()), true},
                        {"Rounds", true},
                        {fmt::format("Time, {}", s.unit()), true}},
                       rows));
}

}  // namespace tacit::html
