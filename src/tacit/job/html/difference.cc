// The page of two runs side by side.
#include <algorithm>

#include "tacit/job/html/parts.h"
#include "tacit/job/html/plot.h"
#include "tacit/job/report_difference.h"

namespace tacit {

using namespace html;

namespace {

using Figure = ReportDifference::Figure;

std::string unit_after(std::string_view name, const Scale& scale) {
  return scale.unit().empty() ? std::string(name) : fmt::format("{}, {}", name, scale.unit());
}

std::string relative_text(const Figure& f) {
  if (f.a && f.b && *f.a == *f.b) return "equal";
  const auto r = f.relative();
  return r ? fmt::format("{:+.1f} %", 100 * *r) : "–";
}

/// Each figure has a unit of its own, and two bars of one length.
std::string figures_table(const ReportDifference& d) {
  std::vector<Row> rows;
  for (const Figure& f : d.figures) {
    const double most = std::max(f.a.value_or(0), f.b.value_or(0));
    const Scale scale = f.kind == Figure::Kind::Seconds ? Scale::seconds(most)
                        : f.kind == Figure::Kind::Size  ? Scale::bytes(most)
                                                        : Scale::counts(most);
    auto cell = [&](const std::optional<double>& x) -> std::string {
      if (!x) return "–";
      return f.kind == Figure::Kind::Metric ? short_number(*x) : scale.with_bar(*x);
    };
    rows.push_back({{unit_after(escaped(f.name), scale), cell(f.a), cell(f.b), relative_text(f)}, ""});
  }
  return table("Figures, and B against A", {{"Figure"}, {"A", true}, {"B", true}, {"B against A", true}},
               rows, true);
}

std::string settings_section(const ReportDifference& d) {
  if (d.same_job && d.settings.empty())
    return section("settings", "Settings", "<p class=\"lead\">Both runs are of the same job.</p>\n");
  if (d.otherwise())
    return section(
        "settings", "Settings",
        "<p class=\"lead\">The jobs differ, and in nothing that their reports hold: in columns, releases, "
        "names or keys, say.</p>\n");
  std::vector<Row> rows;
  for (const ReportDifference::Setting& s : d.settings)
    rows.push_back(
        {{escaped(s.key), s.a.empty() ? "–" : escaped(s.a), s.b.empty() ? "–" : escaped(s.b)}, ""});
  return section("settings", "Settings", table("Settings that differ", {{"Setting"}, {"A"}, {"B"}}, rows));
}

std::string curves_section(const RunReport& a, const RunReport& b) {
  const auto first = finite(a.loss.empty() ? a.clear_loss : a.loss),
             second = finite(b.loss.empty() ? b.clear_loss : b.loss);
  const std::string drawing = plot({{"B", "other", second}, {"A", "private", first}});
  if (drawing.empty()) return "";
  std::string caption = "Mean loss of a batch. The full line is A, the broken one B.";
  if (a.loss.empty() && !first.empty()) caption += " A’s is that of the clear run.";
  if (b.loss.empty() && !second.empty()) caption += " B’s is that of the clear run.";
  return section("loss", "Loss",
                 "<figure>\n" + drawing + "<figcaption>" + caption + "</figcaption>\n</figure>\n");
}

std::string stamps_note(const RunReport& r, std::string_view which) {
  if (r.stamps.empty()) return "";
  std::vector<std::string> stamps;
  for (const std::string& s : r.stamps) stamps.push_back(escaped(s));
  return fmt::format("<strong>{}: {}</strong>\n", which, listed(stamps));
}

}  // namespace

std::string html_of(const RunReport& a, const RunReport& b, const ReportNames& names) {
  const ReportDifference d = difference(a, b);
  const std::string stamps = stamps_note(a, "A") + stamps_note(b, "B");
  std::string body;
  if (!stamps.empty())
    body += "<div class=\"stamps\" role=\"note\" aria-label=\"What makes a run less than a real one\">\n" +
            stamps +
            "A stamped run is less than a real one: do not take its figures for those of parties on separate "
            "machines.\n</div>\n\n";
  body += fmt::format("<p class=\"verdict\">A is <code>{}</code>, B is <code>{}</code>.</p>\n\n",
                      escaped(names.a), escaped(names.b));
  body += curves_section(a, b) +
          section("figures", "Figures",
                  figures_table(d) +
                      "<p class=\"note\">Bytes are summed over parties; rounds, memory and seconds are the "
                      "largest of "
                      "any party. Phases hold what ended in them.</p>\n") +
          settings_section(d);
  const std::string title =
      a.job == b.job ? "Two runs of " + escaped(a.job) : escaped(a.job) + " and " + escaped(b.job);
  return page(title, "two private runs, side by side", body);
}

}  // namespace tacit
