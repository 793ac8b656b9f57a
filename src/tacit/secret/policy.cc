#include "tacit/secret/policy.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit {

RevealPolicy::RevealPolicy(std::vector<ReleaseRule> rules, std::vector<std::string> roster)
    : rules_(std::move(rules)), used_(rules_.size()) {
  for (const auto& rule : rules_) {
    PartySet set;
    require(!rule.to.empty(), "the release rule for '{}' names nobody to reveal to", rule.what);
    for (const auto& name : rule.to) {
      const auto at = std::find(roster.begin(), roster.end(), name);
      require(at != roster.end(),
              "the release rule for '{}' names '{}', who is no party and no owner of this job", rule.what,
              name);
      set.members |= std::uint32_t{1} << (at - roster.begin());
    }
    recipients_.push_back(set);
  }
}

void RevealPolicy::resume(std::vector<std::uint64_t> used) {
  ensure(used.size() == rules_.size(), "a count for each rule");
  used_ = std::move(used);
}

bool RevealPolicy::allows(std::string_view what) const {
  for (std::size_t i = 0; i < rules_.size(); ++i)
    if (rules_[i].what == what && used_[i] < rules_[i].times) return true;
  return false;
}

RevealPermit RevealPolicy::permit(std::string_view what) {
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (rules_[i].what != what) continue;
    require(used_[i] < rules_[i].times, "the release policy lets '{}' be revealed {} times, and that is done",
            what, rules_[i].times);
    ++used_[i];
    return RevealPermit(rules_[i], recipients_[i]);
  }
  throw UsageError(
      fmt::format("the release policy does not let '{}' be revealed: add a [[release]] rule for it to the "
                  "job, if all owners agree",
                  what));
}

void Ledger::add(const ReleaseRule& rule, std::uint64_t bits) {
  for (auto& line : lines_)
    if (line.what == rule.what && line.to == rule.to && line.purpose == rule.purpose) {
      line.bits += bits;
      ++line.times;
      return;
    }
  lines_.push_back({rule.what, rule.to, rule.purpose, bits, 1});
}

}  // namespace tacit
