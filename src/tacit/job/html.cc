#include "tacit/job/html.h"

#include <algorithm>
#include <cmath>

#include "tacit/base/text.h"
#include "tacit/job/html/breaks.h"
#include "tacit/job/html/comparison.h"
#include "tacit/job/html/costs.h"
#include "tacit/job/html/guard.h"
#include "tacit/job/html/ledger.h"
#include "tacit/job/html/loss.h"
#include "tacit/job/html/parts.h"
#include "tacit/job/html/plan.h"
#include "tacit/version.h"

namespace tacit {

using namespace html;

namespace {

std::string strong(std::string_view text) { return fmt::format("<b>{}</b>", text); }

/// One sentence: how good the private model is, beside the clear one.
std::string verdict(const RunReport& r) {
  const std::string rows = r.test_rows > 0 ? counted(r.test_rows, "test row", "test rows") : "";
  const std::string on = rows.empty() ? "" : " on " + rows;
  auto value = [&](double x) { return strong(metric_text(r.metric, x)); };
  if (!r.private_metric) {
    std::string out =
        "How good the private model is was not measured, or not revealed to this report’s reader";
    if (r.clear_metric)
      out += fmt::format("; the same training in the clear reaches {}{}", value(*r.clear_metric), on);
    return out + ".";
  }
  std::string out = r.metric == "accuracy"
                        ? fmt::format("The privately trained model gets {} of {} right",
                                      value(*r.private_metric), rows.empty() ? "the rows" : rows)
                        : fmt::format("{} of the privately trained model{}: {}", metric_name(r.metric), on,
                                      value(*r.private_metric));
  if (!r.clear_metric) return out + "; there is no run in the clear to compare it with.";
  out += "; the same training in the clear, " + value(*r.clear_metric);
  if (r.metric == "accuracy" && r.test_rows > 0) {
    const double off = std::fabs(*r.private_metric - *r.clear_metric) * static_cast<double>(r.test_rows);
    const auto differing = static_cast<std::size_t>(std::llround(std::isfinite(off) ? off : 0));
    out += differing == 0 ? ": no difference"
                          : fmt::format(": a difference of {}", counted(differing, "row", "rows"));
  }
  return out + ".";
}

std::string stamps(const RunReport& r) {
  if (r.stamps.empty()) return "";
  std::string out =
      "<div class=\"stamps\" role=\"note\" aria-label=\"What makes this less than a real run\">\n";
  for (const std::string& stamp : r.stamps) out += fmt::format("<strong>{}</strong>\n", escaped(stamp));
  return out +
         "This run is less than a real one: do not take its figures, or its privacy, for those of parties on "
         "separate machines.\n"
         "</div>\n\n";
}

/// "Mean squared error" within a line; a name that is all capitals stays.
std::string lower(std::string text) {
  if (text.size() > 1 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'a')
    text[0] = static_cast<char>(text[0] + 32);
  return text;
}

std::string card(std::string_view name, std::string_view big, std::string_view small) {
  return fmt::format("<div><dt>{}</dt><dd class=\"big\">{}</dd><dd class=\"small\">{}</dd></div>\n", name,
                     big, small);
}

std::string cards(const RunReport& r) {
  const std::string metric = metric_name(r.metric);
  auto value = [&](const std::optional<double>& x, std::string_view line) {
    return x ? fmt::format("<span class=\"swatch {}\"></span>{}", line, metric_text(r.metric, *x))
             : std::string("–");
  };
  std::string out = "<dl class=\"cards\">\n";
  out += card("Private " + lower(metric), value(r.private_metric, "private"),
              !r.private_metric ? "not measured, or not revealed"
              : r.test_rows > 0 ? "on " + counted(r.test_rows, "test row", "test rows")
                                : "");
  out += card(metric + " in the clear", value(r.clear_metric, "clear"),
              r.clear_metric ? escaped(r.clear_note) : "no such run");
  out += card("Time", escaped(human_seconds(r.seconds)),
              r.steps == 0 ? ""
                           : fmt::format("{}, {}", counted(r.epochs, "epoch", "epochs"),
                                         counted(r.steps, "step", "steps")));
  if (!r.parties.empty()) {
    double most = 0, all = 0;
    std::uint64_t rounds = 0;
    for (const PartyStats& p : r.parties) {
      most = std::max(most, static_cast<double>(p.total.payload));
      all += static_cast<double>(p.total.payload);
      rounds = std::max(rounds, p.total.rounds);
    }
    const Scale scale = Scale::bytes(most), sum = Scale::bytes(all);
    out += card("Sent by a party", fmt::format("{} {}", scale.text(most), scale.unit()),
                fmt::format("at most; {} {} by all of them", sum.text(all), sum.unit()));
    out += card("Rounds", grouped(rounds), "messages that had to wait for one another");
  }
  return out + "</dl>\n\n";
}

std::string agreement_section(const RunReport& r) {
  if (!r.agreement) return "";
  const RunReport::Agreement& a = *r.agreement;
  const std::size_t other = a.examples - std::min(a.examples, a.same_class);
  std::string body = fmt::format(
      "<p>Of {}, the exported model and the fixed-point arithmetic of the private one choose the same class "
      "in {}.",
      counted(a.examples, "example", "examples"), strong(grouped(a.same_class)));
  if (a.score_bound > 0) {
    body += fmt::format(" In {} of them the two best scores are so close that rounding may decide.",
                        a.close_calls == 0 ? "none" : grouped(a.close_calls));
    if (other > a.close_calls) body += " <span class=\"bad\">More differ than there are close calls.</span>";
    if (!(a.worst_difference <= a.score_bound))
      body += " <span class=\"bad\">Scores differ by more than the declared bound.</span>";
  }
  return section(
      "agreement", "The exported model",
      body + "</p>\n" +
          facts({{"examples", grouped(a.examples)},
                 {"same class", grouped(a.same_class)},
                 {"close calls", a.score_bound > 0 ? grouped(a.close_calls) : "not known without a bound"},
                 {"largest difference of scores", short_number(a.worst_difference)},
                 {"declared bound", a.score_bound > 0 ? short_number(a.score_bound)
                                                      : "none: the model’s scores are not bounded"}}));
}

std::string security_section(const RunReport& r) {
  std::vector<std::pair<std::string, std::string>> lines = {{"protocol", escaped(r.protocol)}};
  if (!r.security.contains("withstands")) lines.emplace_back("withstands", escaped(r.threat));
  for (const auto& [name, value] : r.security) {
    std::string words = name;
    std::replace(words.begin(), words.end(), '_', ' ');
    lines.emplace_back(escaped(words), escaped(value));
  }
  return section("security", "Security parameters", facts(lines));
}

/// "2 times, from steps 300 and 500"
std::string resumed_text(const RunReport& r) {
  if (r.resumed.empty()) return "never";
  std::string steps;
  for (std::size_t i = 0; i < r.resumed.size(); ++i)
    steps += (i == 0 ? "" : i + 1 == r.resumed.size() ? " and " : ", ") + grouped(r.resumed[i]);
  return fmt::format("{}, from {} {}", counted(r.resumed.size(), "time", "times"),
                     r.resumed.size() == 1 ? "step" : "steps", steps);
}

std::string run_section(const RunReport& r) {
  return section("run", "The run",
                 facts({{"mode", escaped(r.mode)},
                        {"resumed", resumed_text(r)},
                        {"machine", escaped(r.machine)},
                        {"network profile", escaped(r.profile)},
                        {"rows to train on", grouped(r.train_rows)},
                        {"rows to test on", grouped(r.test_rows)},
                        {"epochs", grouped(r.epochs)},
                        {"steps", grouped(r.steps)},
                        {"parameters", grouped(r.parameters)},
                        {"fraction bits", grouped(r.fraction_bits)},
                        {"job hash", "<code>" + escaped(r.job_hash) + "</code>"},
                        {"tacit", fmt::format("{} <code>{}</code>", escaped(kVersion), escaped(kCommit))}}));
}

std::string settings_section(const RunReport& r) {
  if (r.settings.empty()) return "";
  std::vector<std::pair<std::string, std::string>> lines;
  for (const auto& [key, value] : r.settings)
    lines.emplace_back("<code>" + escaped(key) + "</code>", escaped(value));
  return section("settings", "The job’s settings", facts(lines));
}

}  // namespace

std::string html_of(const RunReport& r) {
  const std::string name = r.job.empty() ? "A job without a name" : escaped(r.job);
  return page(name, "report of a private run",
              stamps(r) + fmt::format("<p class=\"verdict\">{}</p>\n\n", verdict(r)) + cards(r) +
                  loss_section(r) + comparison_section(r) + costs_section(r) + plan_section(r) +
                  guard_section(r) + parties_section(r) + ledger_section(r) + breaks_section(r) +
                  agreement_section(r) + security_section(r) + run_section(r) + settings_section(r));
}

}  // namespace tacit
