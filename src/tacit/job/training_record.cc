#include "tacit/job/training_record.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tacit/base/error.h"
#include "tacit/base/json_number.h"
#include "tacit/base/text.h"

namespace tacit {

namespace {

using nlohmann::json;

constexpr std::size_t kMostBreaks = 32, kLongestBreak = 400;

Digest digest_from(const json& j) {
  const Bytes bytes = from_hex(j.get<std::string>());
  Digest out{};
  require(bytes.size() == out.size(), "a digest has {} bytes", bytes.size());
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

json public_json(const TrainingRecord& r) {
  json j{
      {"used", r.used}, {"ledger", json::array()}, {"losses_until", r.losses_until}, {"resumed", r.resumed}};
  for (const Disclosure& d : r.ledger) j["ledger"].push_back(to_json(d));
  return j;
}
void read_public(const json& j, const Job& job, TrainingRecord& r) {
  r.used = whole_numbers<Uses>(j.at("used"));
  require(r.used.size() == job.releases.size(), "it counts {} rules, and the job has {}", r.used.size(),
          job.releases.size());
  for (const json& d : j.at("ledger"))
    r.ledger.push_back({d.at("what").get<std::string>(), d.at("to").get<std::vector<std::string>>(),
                        d.at("purpose").get<std::string>(), whole_number<std::uint64_t>(d.at("bits")),
                        whole_number<std::uint64_t>(d.at("times"))});
  r.losses_until = whole_number<std::size_t>(j.at("losses_until"));
  r.resumed = whole_numbers<std::vector<std::size_t>>(j.at("resumed"));
}

}  // namespace

std::string to_text(const TrainingRecord& r) {
  json j = public_json(r);
  j["loss"] = json::array();
  for (const LossPoint& p : r.loss) j["loss"].push_back({{"step", p.step}, {"loss", p.loss}});
  j["breaks"] = json::array();
  for (const SessionBreak& b : r.breaks) j["breaks"].push_back(to_json(b));
  j["seconds"] = r.seconds;
  j["spent"] = to_json(r.spent);
  j["agreed"] = {{"session", to_hex(r.agreed.session)}, {"step", r.agreed.step}, {"files", json::array()}};
  for (const Digest& d : r.agreed.files) j["agreed"]["files"].push_back(to_hex(d));
  return j.dump();
}

TrainingRecord parse_training_record(std::string_view text, const Job& job) {
  try {
    const json j = json::parse(text);
    TrainingRecord r;
    read_public(j, job, r);
    for (const json& p : j.at("loss"))
      r.loss.push_back({whole_number<std::size_t>(p.at("step")), p.at("loss").get<double>()});
    for (const json& b : j.at("breaks")) r.breaks.push_back(break_from_json(b));
    require(r.breaks.size() <= kMostBreaks, "it tells of {} sessions", r.breaks.size());
    r.seconds = j.at("seconds").get<double>();
    r.spent = stats_from_json(j.at("spent"));
    const json& agreed = j.at("agreed");
    r.agreed.session = digest_from(agreed.at("session"));
    r.agreed.step = whole_number<std::uint64_t>(agreed.at("step"));
    for (const json& d : agreed.at("files")) r.agreed.files.push_back(digest_from(d));
    require(r.agreed.files.empty() || r.agreed.files.size() == job.parties.size(),
            "it has digests of {} files", r.agreed.files.size());
    return r;
  } catch (const json::exception&) { throw UsageError("it holds no record of a training"); }
}

std::string public_text(const TrainingRecord& r) { return public_json(r).dump(); }

void take_highest(TrainingRecord& own, std::string_view theirs, const std::string& party, const Job& job) {
  TrainingRecord other;
  try {
    read_public(json::parse(theirs), job, other);
  } catch (const std::exception&) {
    throw PeerError(party, fmt::format("{} sent a record of the training that cannot be read", party));
  }
  for (std::size_t i = 0; i < own.used.size(); ++i) own.used[i] = std::max(own.used[i], other.used[i]);
  for (Disclosure& d : other.ledger) {
    const auto same = std::find_if(own.ledger.begin(), own.ledger.end(), [&](const Disclosure& o) {
      return o.what == d.what && o.to == d.to && o.purpose == d.purpose;
    });
    if (same == own.ledger.end()) {
      own.ledger.push_back(std::move(d));
    } else {
      same->bits = std::max(same->bits, d.bits);
      same->times = std::max(same->times, d.times);
    }
  }
  own.losses_until = std::max(own.losses_until, other.losses_until);
  if (other.resumed.size() > own.resumed.size()) own.resumed = std::move(other.resumed);
}

void note(TrainingRecord& r, SessionBreak b) {
  // What a peer says may hold anything, and JSON takes only UTF-8.
  for (std::string* text : {&b.what, &b.who}) {
    *text = one_line(*text).substr(0, kLongestBreak);
    for (char& c : *text)
      if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  if (r.breaks.size() == kMostBreaks) r.breaks.erase(r.breaks.begin());
  r.breaks.push_back(std::move(b));
}

PartyStats sum(PartyStats first, const PartyStats& second) {
  first.total += second.total;
  for (const auto& [name, cost] : second.scopes) first.scopes[name] += cost;
  first.memory_bytes = std::max(first.memory_bytes, second.memory_bytes);
  return first;
}

}  // namespace tacit
