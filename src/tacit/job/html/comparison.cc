#include "tacit/job/html/comparison.h"

#include "tacit/job/html/parts.h"

namespace tacit::html {

namespace {

std::string percent(double x) {
  return x < 100 ? fmt::format("{:.3g} %", 100 * x) : fmt::format("{:.2g} times their size", x);
}

std::string advice(const ComparisonReport::Divergence& d, unsigned fraction_bits) {
  const std::string digits = d.proposed_fraction_bits
                                 ? fmt::format(" <b>fraction_bits = {}</b> instead of {} holds that batch.",
                                               *d.proposed_fraction_bits, fraction_bits)
                                 : std::string(" No other number of fraction bits holds that batch.");
  return d.range
             ? "Some number left its range and wrapped. A smaller learning rate helps, or inputs that are "
               "scaled, or a normalising layer before it; fewer fraction bits leave more room." +
                   digits
             : "Numbers are too small for the digits behind the point. More fraction bits help, or a larger "
               "learning rate or batch." +
                   digits;
}

}  // namespace

std::string comparison_section(const RunReport& r) {
  if (!r.comparison) return "";
  const ComparisonReport& c = *r.comparison;
  if (!c.first)
    return section(
        "comparison", "Beside double precision",
        fmt::format("<p class=\"lead\">{} compared, each from the weights that the simulated run had then. "
                    "<strong>No layer diverged.</strong> The largest difference is {} of the numbers’ own "
                    "size{}.</p>\n",
                    c.batches == 1 ? std::string("One batch was") : grouped(c.batches) + " batches were",
                    percent(c.largest), c.largest_at.empty() ? "" : " (" + escaped(c.largest_at) + ")"));
  const ComparisonReport::Divergence& d = *c.first;
  return section(
      "comparison", "Beside double precision",
      fmt::format("<p class=\"lead\">The first to diverge is <strong>{}</strong>, in batch {}. The cause is "
                  "<strong>{}</strong>. {}</p>\n",
                  escaped(d.place), grouped(d.batch + 1), d.range ? "range" : "precision",
                  advice(d, r.fraction_bits)) +
          facts({{"difference, of the exact numbers’ size", percent(d.relative)},
                 {"size of the exact numbers", short_number(d.exact)},
                 {"size of the simulated ones", short_number(d.simulated)},
                 {"batches before it without a divergence", grouped(d.batch)}}) +
          "<p class=\"note\">Sizes are root mean squares. After the first divergence nothing more was "
          "compared.</p>\n");
}

}  // namespace tacit::html
