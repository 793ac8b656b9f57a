// What may be revealed, to whom, how often, and why. The job file states it, all parties agree on it in the
// handshake, and nothing is revealed without a permit that the policy minted: one permit, one reveal, one
// line in the ledger.
#pragma once

#include <string>
#include <vector>

#include "tacit/mpc/engine.h"

namespace tacit {

struct ReleaseRule {
  std::string what;             ///< "loss", "metrics", "model", "predictions", ...
  std::vector<std::string> to;  ///< names from the roster
  std::string purpose;          ///< in the words of those who agreed to it
  std::uint64_t times = 1;      ///< reveals allowed; for a stream of results, how many
};

/// One line of the disclosure ledger.
struct Disclosure {
  std::string what;
  std::vector<std::string> to;
  std::string purpose;
  std::uint64_t bits = 0;  ///< an upper bound on what was told: the size of the numbers
  std::uint64_t times = 0;
};

class RevealPermit {
 public:
  RevealPermit(RevealPermit&&) noexcept = default;
  RevealPermit& operator=(RevealPermit&&) noexcept = default;
  RevealPermit(const RevealPermit&) = delete;
  RevealPermit& operator=(const RevealPermit&) = delete;

  const std::string& what() const { return rule_.what; }
  PartySet recipients() const { return recipients_; }

 private:
  friend class RevealPolicy;
  friend class Gate;
  RevealPermit(ReleaseRule rule, PartySet recipients) : rule_(std::move(rule)), recipients_(recipients) {}
  ReleaseRule rule_;
  PartySet recipients_;
};

class RevealPolicy {
 public:
  /// `roster` are the names of all endpoints, parties first. UsageError if a rule names someone else.
  RevealPolicy(std::vector<ReleaseRule> rules, std::vector<std::string> roster);

  /// Continues a count of earlier sessions: a number for each rule.
  void resume(std::vector<std::uint64_t> used);
  /// How often each rule has been used.
  const std::vector<std::uint64_t>& used() const { return used_; }
  bool allows(std::string_view what) const;
  /// UsageError if no rule allows it, or not once more.
  RevealPermit permit(std::string_view what);
  const std::vector<ReleaseRule>& rules() const { return rules_; }

 private:
  std::vector<ReleaseRule> rules_;
  std::vector<PartySet> recipients_;
  std::vector<std::uint64_t> used_;
};

class Ledger {
 public:
  Ledger() = default;
  /// Continues one of earlier sessions.
  explicit Ledger(std::vector<Disclosure> lines) : lines_(std::move(lines)) {}
  void add(const ReleaseRule& rule, std::uint64_t bits);
  const std::vector<Disclosure>& lines() const { return lines_; }

 private:
  std::vector<Disclosure> lines_;
};

}  // namespace tacit
