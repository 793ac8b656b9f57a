// The report of 'tacit demo sealed' as a page, and the audit whose picture stands in it.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "demo_sealed.h"
#include "tacit/base/durable.h"
#include "tacit/base/error.h"
#include "tacit/job/html/parts.h"

namespace tacit::app::sealed_demo {

namespace {

using html::escaped;

std::string text_at(const json& j, const char* key) { return escaped(j.at(key).get<std::string>()); }

std::string percent(double part) { return fmt::format("{:.1f} %", 100 * part); }

/// 10 to a power, as people write it.
std::string power_of_ten(double exponent) { return fmt::format("10<sup>{:.0f}</sup>", exponent); }

std::string verdict(const json& r) {
  const json &t = r.at("traced"), &c = r.at("checks");
  std::size_t refused = 0;
  for (const json& check : c) refused += check.at("refused").get<bool>();
  return fmt::format(
      "<p class=\"verdict\">Two customers run the model and get the plain model’s answers; a third device is "
      "refused. Of {} attempts at misuse {} were refused. The copy that leaked was traced to "
      "<b>{}</b>.</p>\n",
      c.size(), refused, text_at(t, "customer"));
}

std::string devices_of(const json& r) {
  std::vector<html::Row> rows;
  for (const json& d : r.at("devices")) {
    std::string key = "a file: whoever holds the key folder";
    if (d.at("key") == "tpm")
      key = d.value("proved", false) ? "a TPM 2.0 (in software here), which proved it" : "a TPM 2.0";
    rows.push_back({{text_at(d, "name"), key, d.at("ran").get<bool>() ? "yes" : "no",
                     d.at("refused").get<bool>() ? "yes" : "no"},
                    ""});
  }
  return html::section(
      "devices", "Devices",
      html::table("Whose they are, and what keeps their keys",
                  {{"device"}, {"its key lies in"}, {"ran the model"}, {"was refused"}}, rows) +
          html::facts(
              {{"Vendor", text_at(r.at("vendor"), "name")},
               {"Its fingerprint, which the devices pinned", text_at(r.at("vendor"), "fingerprint")}}));
}

std::string files_of(const json& r) {
  std::vector<html::Row> rows, limits;
  std::vector<std::pair<std::string, std::string>> promises;
  std::vector<std::pair<std::string, std::vector<std::string>>> not_stopped;
  for (const json& s : r.at("sealed")) {
    std::vector<std::string> to;
    for (const json& name : s.at("to")) to.push_back(escaped(name.get<std::string>()));
    const std::string file = text_at(s, "file"),
                      level = fmt::format("{}, {}", s.at("level").get<int>(), text_at(s, "level_name"));
    rows.push_back({{file, level, html::listed(to),
                     s.at("customer").is_null() ? "nobody’s" : text_at(s, "customer") + "’s",
                     html::grouped(s.at("bytes").get<std::uint64_t>())},
                    ""});
    promises.emplace_back("Level " + level, text_at(s, "promise"));
    if (s.contains("segment"))
      promises.emplace_back("What of " + file + " stays with the vendor",
                            "nodes " + text_at(s.at("segment"), "nodes") + ", which its server computes");
    for (const json& line : s.at("does_not_stop")) {
      const std::string words = escaped(line.get<std::string>());
      auto at = std::find_if(not_stopped.begin(), not_stopped.end(),
                             [&](const auto& known) { return known.first == words; });
      if (at == not_stopped.end()) at = not_stopped.insert(at, {words, {}});
      at->second.push_back(file);
    }
  }
  std::sort(promises.begin(), promises.end());
  promises.erase(std::unique(promises.begin(), promises.end()), promises.end());
  for (const auto& [words, files] : not_stopped) limits.push_back({{words, html::listed(files)}, ""});
  return html::section(
      "files", "Sealed files",
      html::table("Which level each has, and whose fingerprint",
                  {{"file"}, {"level"}, {"opens at"}, {"fingerprint"}, {"bytes", true}}, rows) +
          html::facts(promises) + "<p class=\"lead\">No level stops everything:</p>\n" +
          html::table("What is not stopped", {{"who or what"}, {"of which file"}}, limits));
}

std::string runs_of(const json& r) {
  std::vector<html::Row> rows;
  for (const json& run : r.at("runs"))
    rows.push_back({{fmt::format("{}, {}", text_at(run, "device"), text_at(run, "file")),
                     fmt::format("{} of {}", html::grouped(run.at("same_answer").get<std::size_t>()),
                                 html::grouped(run.at("examples").get<std::size_t>())),
                     fmt::format("{} of {}", html::grouped(run.at("equal_scores").get<std::size_t>()),
                                 html::grouped(run.at("scores").get<std::size_t>())),
                     html::short_number(run.at("worst_difference").get<double>())},
                    ""});
  const json& t = r.at("trained");
  return html::section(
      "answers", "Answers",
      fmt::format(
          "<p>The model was trained on {} handwritten digits of two owners, by three parties that saw "
          "none of them; it reads {} of {} others right (<code>{}</code>).</p>\n",
          html::grouped(t.at("rows").get<std::size_t>()), percent(t.at("accuracy_of_the_file").get<double>()),
          html::grouped(t.at("kept_back").get<std::size_t>()), text_at(t, "report")) +
          html::table("On the devices, beside the plain model",
                      {{"device and file"},
                       {"same answers", true},
                       {"equal scores", true},
                       {"largest difference", true}},
                      rows) +
          "<p class=\"note\">Differences are parts of the largest score; scores count as equal within "
          "10<sup>−5"
          "</sup> of it, and at level 3, where the vendor’s layers are computed in fixed point, within "
          "10<sup>−2</sup>. A copy with a fingerprint is another model by a little: that is its "
          "fingerprint.</p>\n");
}

std::string checks_of(const json& r) {
  std::vector<html::Row> rows;
  for (const json& c : r.at("checks"))
    rows.push_back(
        {{text_at(c, "what"), c.at("refused").get<bool>() ? "refused" : "<span class=\"bad\">it opens</span>",
          text_at(c, "sentence")},
         ""});
  return html::section("tried", "What was tried",
                       html::table("Each by the command that a user would type",
                                   {{"attempt"}, {"outcome"}, {"what was said"}}, rows));
}

std::string leak_of(const json& r) {
  const json& t = r.at("traced");
  std::vector<std::string> changes;
  for (const json& c : t.at("changes")) changes.push_back(escaped(c.get<std::string>()));
  return html::section(
      "leak", "The leak",
      fmt::format("<p>The office opened its own copy with its own key, which nothing stops, and changed it. "
                  "The vendor found <code>{0}</code>, and <code>tacit trace</code> named "
                  "<b>{1}</b>.</p>\n",
                  text_at(t, "file"), text_at(t, "customer")) +
          html::facts({{"What the thief did", html::listed(changes)},
                       {"What the leaked model is worth",
                        percent(t.at("accuracy").get<double>()) +
                            " of the digits right that were kept back; the model itself " +
                            percent(r.at("trained").at("accuracy_of_the_file"))},
                       {"Neurons put back", html::grouped(t.at("neurons_put_back").get<std::uint64_t>())},
                       {"Weights found again", percent(t.at("weights_found").get<double>())},
                       {"Score", fmt::format("{:.1f}; {:.1f} is enough", t.at("score").get<double>(),
                                             t.at("threshold").get<double>())},
                       {"Probability that anybody innocent has such a score",
                        "at most " + power_of_ten(t.at("log10_bound_over_all").get<double>())},
                       {"Probability that a trace names anybody innocent",
                        "at most " + power_of_ten(std::log10(t.at("false_accusation").get<double>()))},
                       {"What it proves", text_at(t, "no_proof")}}));
}

std::string steal_of(const json& r, const std::string& drawings) {
  const json& inside = r.at("steal").value("from_inside", json::object());
  std::string body;
  if (inside.contains("words")) body = "<p>" + text_at(inside, "words") + "</p>\n";
  return html::section(
      "stealing", "Stealing by asking",
      body +
          "<p>Whoever may only ask trains an imitation on the answers. That is stopped at no "
          "level:</p>\n" +
          drawings);
}

/// The drawings of a page that this program wrote.
std::string figures_of(const std::string& page) {
  std::string out;
  constexpr std::string_view kClose = "</figure>";
  for (std::size_t at = 0; (at = page.find("<figure", at)) != std::string::npos;) {
    const std::size_t end = page.find(kClose, at);
    if (end == std::string::npos) break;
    out += page.substr(at, end + kClose.size() - at) + "\n";
    at = end;
  }
  if (out.empty()) throw std::runtime_error("the audit's page has no picture; please report it");
  return out;
}

}  // namespace

std::string steal_by_asking(Stage& stage) {
  say(stage.style,
      "\nWhat somebody gets without a copy, by questions and answers alone, is measured at the office's "
      "device:");
  std::vector<std::string> words{"audit",      "steal", kOfOffice,    "--keys", keys_of(kOffice), "--inputs",
                                 "digits.npy", "--out", "steal.json", "--html", "steal.html"};
  if (stage.quick) words.insert(words.end(), {"--queries", "50,200,1000", "--epochs", "15"});
  ProgressLine line(stage.style);
  const json told = stage.commands.done(words, [&](const std::string& text) {
    std::size_t done = 0, all = 0;
    if (std::sscanf(text.c_str(), "%*[^0-9]%zu/%zu", &done, &all) == 2 ||
        std::sscanf(text.c_str(), "%zu of %zu", &done, &all) == 2)
      line.show({"imitations of the model", done, all, std::nullopt, 0});
  });
  line.finish();
  stage.report["steal"] = told;
  PlainFile page(stage.folder / "steal.html");
  std::string text(page.size(), '\0');
  page.read(std::as_writable_bytes(std::span(text)));
  return figures_of(text);
}

std::string page_of(const json& report, const std::string& drawings) {
  std::string commands;
  for (const json& c : report.at("next"))
    commands += "<code>" + escaped(c.get<std::string>()) + "</code><br>\n";
  return html::page(
      "A model that customers run", "report of sealed models",
      verdict(report) + devices_of(report) + files_of(report) + runs_of(report) + checks_of(report) +
          leak_of(report) + steal_of(report, drawings) +
          html::section("next", "Go on", "<p>In the folder of this page:</p>\n<p>" + commands + "</p>\n"));
}

}  // namespace tacit::app::sealed_demo
