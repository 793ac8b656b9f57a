#include "tacit/job/doctor/finding.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tacit/base/error.h"
#include "tacit/base/text.h"

namespace tacit::doctor {

std::string_view to_string(State state) {
  switch (state) {
    case State::Ok:
      return "ok";
    case State::Warning:
      return "warning";
    case State::Wrong:
      return "wrong";
    case State::Skipped:
      return "skipped";
  }
  return "?";
}

Finding ok(std::string subject, std::string found) {
  return {State::Ok, "", std::move(subject), std::move(found), ""};
}
Finding warning(std::string subject, std::string found, std::string mend) {
  return {State::Warning, "", std::move(subject), std::move(found), std::move(mend)};
}
Finding wrong(std::string subject, std::string found, std::string mend) {
  return {State::Wrong, "", std::move(subject), std::move(found), std::move(mend)};
}
Finding skipped(std::string subject, std::string why) {
  return {State::Skipped, "", std::move(subject), std::move(why), ""};
}
Finding about(std::string peer, Finding finding) {
  finding.peer = std::move(peer);
  return finding;
}

std::string to_line(const Finding& f) {
  const std::string about = f.peer.empty() ? f.subject : fmt::format("{}, {}", f.peer, f.subject);
  std::string line = fmt::format("{:<8} {}: {}", to_string(f.state), about, f.found);
  if (!f.mend.empty()) line += ". " + f.mend;
  return one_line(line);
}

namespace {
/// On one line, and UTF-8: a peer's words need not be.
std::string readable(const std::string& text) {
  using nlohmann::json;
  return json::parse(json(one_line(text)).dump(-1, ' ', false, json::error_handler_t::replace));
}
}  // namespace

nlohmann::json to_json(const Finding& f) {
  return {{"state", to_string(f.state)},
          {"peer", f.peer},
          {"subject", f.subject},
          {"found", readable(f.found)},
          {"mend", readable(f.mend)}};
}

Finding finding_from_json(const nlohmann::json& j) {
  Finding f;
  for (const State s : {State::Ok, State::Warning, State::Wrong, State::Skipped})
    if (to_string(s) == j.at("state").get<std::string>()) f.state = s;
  f.peer = j.at("peer").get<std::string>();
  f.subject = j.at("subject").get<std::string>();
  f.found = j.at("found").get<std::string>();
  f.mend = j.at("mend").get<std::string>();
  return f;
}

namespace {
std::size_t count(std::span<const Finding> findings, State state) {
  return static_cast<std::size_t>(
      std::count_if(findings.begin(), findings.end(), [&](const Finding& f) { return f.state == state; }));
}
}  // namespace

int exit_code(std::span<const Finding> findings) {
  int code = 0;
  for (const Finding& f : findings)
    if (f.state == State::Wrong) {
      if (f.peer.empty()) return 2;
      code = 4;
    }
  return code;
}

std::string summary(std::span<const Finding> findings) {
  const std::size_t bad = count(findings, State::Wrong), warnings = count(findings, State::Warning),
                    left = count(findings, State::Skipped);
  std::string text = bad + warnings + left == 0 ? fmt::format("all {} checks are well", findings.size())
                                                : fmt::format("of {} checks {} wrong", findings.size(), bad);
  if (bad + warnings + left == 0) return text;
  text += fmt::format(", {} {}", warnings, warnings == 1 ? "warning" : "warnings");
  if (left > 0) text += fmt::format(", {} not looked at until those are mended", left);
  return text;
}

}  // namespace tacit::doctor
