#include "tacit/serve/plan.h"

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/serve/wire.h"
#include "tacit/split/seco/parts.h"

namespace tacit {

namespace {

/// Of what a silent source sends now and then, each of so many queries bears its part.
constexpr std::size_t kQueries = 4;

PhaseCost phase(const Script::Spent& s, std::size_t times = 1) {
  return {s.work / static_cast<double>(times), s.bytes / times, s.rounds / times};
}

std::uint64_t weights_of(const seco::Network& network, const seco::Stage& stage) {
  std::uint64_t n = stage.bias ? elements(network.weights[*stage.bias]) : 0;
  for (const seco::Term& t : stage.terms)
    if (t.is_private()) n += elements(network.weights[t.weights]);
  return n;
}

/// The time that a phase takes where servers share processors: not less than their work on those.
double elapsed(const PlanSettings& settings, const std::vector<Script::Spent>& before,
               const std::vector<Script::Spent>& after, std::size_t servers) {
  double last = 0, first = 1e300, work = 0;
  for (std::size_t p = 0; p < servers; ++p) {
    last = std::max(last, after[p].time);
    first = std::min(first, before[p].time);
    work += after[p].work - before[p].work;
  }
  const double alone = last - first;
  return settings.shared_cores > 0 ? std::max(alone, work / settings.shared_cores) : alone;
}

}  // namespace

std::uint64_t CutEstimate::ahead_bytes() const {
  std::uint64_t n = 0;
  for (const ServerEstimate& s : servers) n += s.ahead.bytes;
  return n;
}
std::uint64_t CutEstimate::online_bytes() const {
  std::uint64_t n = 0;
  for (const ServerEstimate& s : servers) n += s.online.bytes;
  return n;
}
std::uint64_t CutEstimate::online_rounds() const {
  std::uint64_t n = 0;
  for (const ServerEstimate& s : servers) n = std::max(n, s.online.rounds);
  return n;
}
const ServerEstimate& CutEstimate::busiest() const {
  return *std::max_element(servers.begin(), servers.end(), [](const auto& a, const auto& b) {
    return a.ahead.seconds + a.online.seconds < b.ahead.seconds + b.online.seconds;
  });
}

std::vector<Layer> weights_by_layer(const seco::Network& network) {
  std::vector<Layer> out;
  for (const seco::Stage& s : network.stages)
    if (const std::uint64_t n = weights_of(network, s); n > 0) out.push_back({s.name, n});
  return out;
}

std::vector<std::string> split_names(std::size_t remotes) {
  if (remotes == 0) return {"gateway", "user"};
  std::vector<std::string> names{"gateway"};
  for (std::size_t i = 1; i <= remotes; ++i) names.push_back(fmt::format("remote-{}", char('a' + i)));
  return names;
}

CutEstimate plan_cut(const seco::NetworkSizes& sizes, const PlanSettings& settings,
                     const seco::UnitCosts& units, std::size_t gateway_layers,
                     seco::ActivationBy activations) {
  const seco::Network& network = sizes.network();
  const bool two_party = settings.remotes == 0;
  // As a party the user is the last of those who compute, else one more.
  const std::size_t servers = sizes.servers(), user = two_party ? servers - 1 : servers;
  ensure(servers == (two_party ? 2 : settings.remotes + 1), "sizes for as many servers");
  const seco::Holders holders =
      seco::place_layers(network, servers, gateway_layers, !two_party && settings.gateway_share);
  CutEstimate out;
  out.gateway_layers = gateway_layers;
  out.activations = activations;
  for (const std::string& name : split_names(settings.remotes)) out.servers.push_back({.name = name});
  for (const seco::Stage& s : network.stages) out.stages.push_back({.name = s.name});

  Script script(user + 1, settings.link);
  auto total = [](const std::vector<Script::Spent>& all, auto member) {
    std::uint64_t n = 0;
    for (const Script::Spent& s : all) n += s.*member;
    return n;
  };
  auto most = [](const std::vector<Script::Spent>& all) {
    std::uint64_t n = 0;
    for (const Script::Spent& s : all) n = std::max(n, s.rounds);
    return n;
  };

  const auto start = script.spent();
  // Whose parts; and the last number used, where nothing is prepared yet.
  script.trade(servers, [](std::size_t, std::size_t) { return sizeof(Digest); });
  if (!two_party) script.trade(servers, [](std::size_t, std::size_t) { return sizeof(std::uint64_t); });
  seco::ScriptedServers written(script, sizes, holders, settings.transfers, activations, units);
  const auto set_up = script.spent();
  out.setup_seconds = elapsed(settings, start, set_up, servers);
  script.meet();

  const auto before = script.spent();
  std::uint64_t bytes = total(before, &Script::Spent::bytes);
  for (std::size_t q = 0; q < kQueries; ++q) {
    written.prepare([&](std::size_t stage) {
      if (q > 0 || stage == network.stages.size()) return;
      const std::uint64_t now = total(script.spent(), &Script::Spent::bytes);
      out.stages[stage].ahead_bytes = now - std::exchange(bytes, now);
    });
    // Whether the query was read back.
    if (!two_party) script.trade(servers, [](std::size_t, std::size_t) { return sizeof(std::byte); });
  }
  const auto ahead = script.spent();
  out.ahead_seconds = elapsed(settings, before, ahead, servers) / kQueries;
  script.meet();

  const auto asked = script.spent();
  const seco::Face face = seco::face_of(network);
  const std::uint64_t input = elements(face.input) * face.numbers.bytes();
  auto greeted = asked;
  if (two_party) {
    script.pass(0, user, kMasksBytes);
    script.work(user, settings.user_seconds);
    script.pass(user, 0, input);
  } else {
    // The gateway tells the others what to do as soon as somebody has come, by orders that are not counted
    // (nor are they in a server's report).
    for (std::size_t p = 1; p < servers; ++p) script.pass(0, p, 0);
    for (std::size_t p = 0; p < servers; ++p) script.pass(user, p, 0);
    for (std::size_t p = 0; p < servers; ++p) script.pass(p, user, kMasksBytes);
    script.work(user, settings.user_seconds);
    script.pass(user, 0, input);
    script.level();  // a server's rounds are those among servers
    greeted = script.spent();
    for (std::size_t p = 1; p < servers; ++p) script.pass(0, p, input);
  }
  const auto told = script.spent();
  bytes = total(told, &Script::Spent::bytes);
  std::uint64_t rounds = most(greeted);
  written.answer([&](std::size_t stage) {
    const auto now = script.spent();
    const std::uint64_t sent = total(now, &Script::Spent::bytes);
    out.stages[stage].online_bytes = sent - std::exchange(bytes, sent);
    out.stages[stage].online_rounds = most(now) - std::exchange(rounds, most(now));
  });
  const auto answered = script.spent();
  if (!two_party) script.pass(0, user, seco::answer_words(face) * sizeof(Word));
  const auto done = script.spent();

  const Script::Spent of_user = done[user] - asked[user];
  out.waiting_seconds = std::max(of_user.time, elapsed(settings, asked, done, servers));
  out.participation_seconds = two_party ? out.ahead_seconds + out.waiting_seconds : of_user.work;
  out.user_sent = of_user.bytes;
  out.user_received = of_user.received;
  if (two_party) {
    out.user_sent += (ahead[user] - before[user]).bytes / kQueries;
    out.user_received += (ahead[user] - before[user]).received / kQueries;
  }
  for (std::size_t p = 0; p < servers; ++p) {
    ServerEstimate& s = out.servers[p];
    s.setup = phase(set_up[p] - start[p]);
    s.ahead = phase(ahead[p] - before[p], kQueries);
    s.online = phase(answered[p] - greeted[p]);
    s.memory = sizes.prepared_bytes(activations, party_id(p));
    for (std::size_t i = 0; i < network.stages.size(); ++i) {
      const auto& who = holders[i];
      if (std::find(who.begin(), who.end(), party_id(p)) != who.end())
        s.weights += weights_of(network, network.stages[i]);
    }
  }
  for (std::size_t i = 0; i < network.stages.size(); ++i) {
    const std::uint64_t n = weights_of(network, network.stages[i]);
    const bool gateway = !holders[i].empty() && holders[i][0] == party_id(0);
    if (gateway && holders[i].size() == 1) out.gateway_weights += n;
    if (!gateway) out.remote_weights += n;
  }
  return out;
}

std::vector<CutEstimate> plan_cuts(const seco::NetworkSizes& sizes, const PlanSettings& settings,
                                   const seco::UnitCosts& units) {
  std::vector<CutEstimate> out;
  const std::size_t all = seco::layers_of(sizes.network());
  for (std::size_t layers = settings.remotes == 0 ? all : 0; layers <= all; ++layers)
    for (const seco::ActivationBy by : seco::all_activations())
      out.push_back(plan_cut(sizes, settings, units, layers, by));
  return out;
}

std::size_t recommended(std::span<const CutEstimate> cuts) {
  ensure(!cuts.empty(), "a plan of at least one cut");
  double shortest = cuts[0].waiting_seconds;
  for (const CutEstimate& c : cuts) shortest = std::min(shortest, c.waiting_seconds);
  auto work = [](const CutEstimate& c) {
    const ServerEstimate& b = c.busiest();
    return b.ahead.seconds + b.online.seconds;
  };
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    if (cuts[i].waiting_seconds > 1.05 * shortest) continue;
    if (best) {
      const double mine = work(cuts[i]), theirs = work(cuts[*best]);
      if (mine > theirs || (mine == theirs && cuts[i].remote_weights >= cuts[*best].remote_weights)) continue;
    }
    best = i;
  }
  return *best;
}

}  // namespace tacit
