#include <nlohmann/json.hpp>

#include "commands.h"
#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/job/compare.h"
#include "tacit/job/html.h"
#include "tacit/job/report_difference.h"

namespace tacit::app {

namespace {

using Figure = ReportDifference::Figure;

std::string text_of(const Figure& f, const std::optional<double>& x) {
  if (!x) return "-";
  switch (f.kind) {
    case Figure::Kind::Seconds:
      return human_seconds(*x);
    case Figure::Kind::Size:
      return human_bytes(*x);
    default:
      return fmt::format("{:.6g}", *x);
  }
}

/// Two runs: figures side by side, and the settings in which their jobs differ.
nlohmann::json compare(const fs::path& first, const fs::path& second, const fs::path& html,
                       const Style& style) {
  const RunReport a = read_report(first), b = read_report(second);
  const ReportDifference d = difference(a, b);
  const fs::path page = html.empty() ? fs::path("report-compare.html") : html;
  write_file(page, html_of(a, b, {first.string(), second.string()}));
  nlohmann::json out = to_json(d);
  out["reports"] = {to_json(a), to_json(b)};
  out["page"] = page.string();
  if (style.json) return out;
  std::printf("A: %s\nB: %s\n\n%-28s %14s %14s %12s\n", first.c_str(), second.c_str(), "", "A", "B",
              "B against A");
  for (const Figure& f : d.figures) {
    const auto r = f.relative();
    const std::string relative = f.a && f.b && *f.a == *f.b ? "equal"
                                 : r                        ? fmt::format("{:+.1f} %", 100 * *r)
                                                            : "-";
    std::printf("%-28s %14s %14s %12s\n", f.name.c_str(), text_of(f, f.a).c_str(), text_of(f, f.b).c_str(),
                relative.c_str());
  }
  if (d.same_job) std::printf("\nBoth runs are of the same job.\n");
  if (d.otherwise())
    std::printf(
        "\nThe jobs differ, and in nothing that their reports hold (columns, releases, names or keys).\n");
  if (!d.settings.empty()) std::printf("\nSettings that differ:\n");
  for (const ReportDifference::Setting& s : d.settings)
    std::printf("  %s: %s in A, %s in B\n", one_line(s.key).c_str(),
                s.a.empty() ? "not there" : one_line(s.a).c_str(),
                s.b.empty() ? "not there" : one_line(s.b).c_str());
  say(style, fmt::format("The page is {}", page.string()));
  return out;
}

}  // namespace

nlohmann::json report(const std::vector<fs::path>& files, const fs::path& html, const Style& style) {
  if (files.size() == 2) return compare(files[0], files[1], html, style);
  nlohmann::json all = nlohmann::json::array();
  require(html.empty() || files.size() == 1, "--html draws one report, or compares two, not {}",
          files.size());
  for (const fs::path& file : files) {
    const RunReport r = read_report(file);
    all.push_back(to_json(r));
    if (!html.empty()) write_file(html, html_of(r));
    if (style.json) continue;
    std::printf("%s: job %s (%s), %s\n", file.c_str(), r.job.c_str(), r.job_hash.substr(0, 12).c_str(),
                r.mode.c_str());
    for (const auto& stamp : r.stamps) std::printf("  stamped: %s\n", stamp.c_str());
    std::printf("  %zu rows, %zu epochs, %zu parameters, %s\n", r.train_rows, r.epochs, r.parameters,
                human_seconds(r.seconds).c_str());
    if (!r.resumed.empty())
      std::printf("  resumed %zu times after a break, last from step %zu\n", r.resumed.size(),
                  r.resumed.back());
    for (const SessionBreak& b : r.breaks)
      std::printf("  broke off after step %zu: %s\n", b.step, one_line(b.what).c_str());
    for (const auto& [party, times] : r.mended)
      std::printf("  the link to %s was re-established %zu times\n", party.c_str(), times);
    if (r.comparison) std::printf("  %s\n", in_words(*r.comparison).c_str());
    if (r.private_metric) std::printf("  %s %.4f", r.metric.c_str(), *r.private_metric);
    if (r.private_metric && r.clear_metric) std::printf(", in the clear %.4f", *r.clear_metric);
    if (r.private_metric) std::printf("\n");
    for (const PartyStats& p : r.parties)
      std::printf("  %-10s %9s sent, %llu rounds, %s of memory\n", p.name.c_str(),
                  human_bytes(static_cast<double>(p.total.payload)).c_str(),
                  static_cast<unsigned long long>(p.total.rounds),
                  human_bytes(static_cast<double>(p.memory_bytes)).c_str());
    for (const PartyStats& p : r.planned)
      std::printf(
          "  planned for %s: %s sent, %llu rounds%s\n", p.name.c_str(),
          human_bytes(static_cast<double>(p.total.payload)).c_str(),
          static_cast<unsigned long long>(p.total.rounds),
          p.total.seconds > 0 ? fmt::format(", about {}", human_seconds(p.total.seconds)).c_str() : "");
    for (const Disclosure& d : r.disclosures) {
      std::string to;
      for (const auto& name : d.to) to += (to.empty() ? "" : ", ") + name;
      std::printf("  told: %s to %s, %llu times, %s\n", d.what.c_str(), to.c_str(),
                  static_cast<unsigned long long>(d.times), d.purpose.c_str());
    }
  }
  return all.size() == 1 ? all[0] : all;
}

}  // namespace tacit::app
