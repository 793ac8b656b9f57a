#include "tacit/job/html/breaks.h"

#include "tacit/job/html/parts.h"

namespace tacit::html {

namespace {

/// What went on by itself: links that broke and came back.
std::string mended_links(const RunReport& r) {
  std::string out;
  for (const auto& [party, times] : r.mended)
    out += fmt::format(
        "<p>The link to {} broke and was re-established {}. What had not arrived was sent again, as it "
        "was.</p>\n",
        escaped(party), times == 1 ? "once" : fmt::format("{} times", grouped(times)));
  return out;
}

}  // namespace

std::string breaks_section(const RunReport& r) {
  const std::string mended = mended_links(r);
  if (r.breaks.empty() && r.resumed.empty())
    return mended.empty() ? "" : section("breaks", "The fault log", mended);
  std::string steps;
  for (std::size_t i = 0; i < r.resumed.size(); ++i)
    steps += (i == 0 ? "" : i + 1 == r.resumed.size() ? " and " : ", ") + grouped(r.resumed[i]);
  std::string body =
      mended + fmt::format(
                   "<p>The training broke off and went on {}{}. What was done after those steps and before "
                   "the breaks was "
                   "done "
                   "again; it is not in the figures of this page.</p>\n",
                   counted(r.resumed.size(), "time", "times"),
                   r.resumed.empty()
                       ? ""
                       : fmt::format(", from {} {}", r.resumed.size() == 1 ? "step" : "steps", steps));
  if (r.breaks.empty())
    return section(
        "breaks", "The fault log",
        body +
            "<p class=\"note\">How it broke off is not known here: whoever is killed or loses power "
            "writes nothing down. The other parties’ reports may tell.</p>\n");
  std::vector<Row> rows;
  for (const SessionBreak& b : r.breaks)
    rows.push_back({{grouped(b.step), escaped(b.who), escaped(b.what)}, ""});
  body += table("How sessions ended", {{"After step"}, {"Who is named"}, {"What the error said"}}, rows);
  return section(
      "breaks", "The fault log",
      body +
          "<p class=\"note\">As this report’s writer saw it. An error names whom it was noticed at, "
          "which may not be whose fault it was.</p>\n");
}

}  // namespace tacit::html
