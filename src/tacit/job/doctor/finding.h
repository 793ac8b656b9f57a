// What the doctor says: one finding for each thing that it looked at, in words for people and as JSON.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tacit::doctor {

/// Skipped: not looked at, because something else is wrong, which its own finding tells.
enum class State { Ok, Warning, Wrong, Skipped };
std::string_view to_string(State state);

struct Finding {
  State state = State::Ok;
  std::string peer;     ///< the party that it is about; empty: this machine and its files
  std::string subject;  ///< what was looked at: "key", "latency"
  std::string found;    ///< what was found: a phrase without a full stop
  std::string mend;     ///< how to mend it, one sentence; only of warnings and of what is wrong
};

Finding ok(std::string subject, std::string found);
Finding warning(std::string subject, std::string found, std::string mend);
Finding wrong(std::string subject, std::string found, std::string mend);
Finding skipped(std::string subject, std::string why);
/// The same, about another party.
Finding about(std::string peer, Finding finding);

/// One line for a terminal, without its end; nothing in it moves the cursor, whatever a peer has sent.
std::string to_line(const Finding& finding);
nlohmann::json to_json(const Finding& finding);
/// The reverse; nlohmann's exceptions for anything else.
Finding finding_from_json(const nlohmann::json& json);
/// 2 if something is wrong on this side, else 4 if something is wrong with a peer, else 0.
int exit_code(std::span<const Finding> findings);
/// "all 24 checks are well", "2 of 24 are wrong, 1 warning".
std::string summary(std::span<const Finding> findings);

/// Where findings go as they are made.
using Tell = std::function<void(const Finding&)>;

}  // namespace tacit::doctor
