#include "tacit/job/html/costs.h"

#include <algorithm>
#include <set>

#include "tacit/job/html/parts.h"

namespace tacit::html {

namespace {

/// Over parties: bytes add up, while rounds and seconds pass for all at once.
void join(Cost& all, const Cost& one) {
  all.payload += one.payload;
  all.overhead += one.overhead;
  all.messages += one.messages;
  all.rounds = std::max(all.rounds, one.rounds);
  all.seconds = std::max(all.seconds, one.seconds);
}

/// A path of scopes, taken apart: a phase, in training also a pass, and then a layer, whose name may hold
/// slashes.
struct Place {
  std::string phase, pass, layer;
};

Place place_of(const std::string& path) {
  Place p;
  const std::size_t first = path.find('/');
  p.phase = path.substr(0, first);
  if (first == std::string::npos) return p;
  std::string rest = path.substr(first + 1);
  if (p.phase == "train") {
    const std::size_t second = rest.find('/');
    p.pass = rest.substr(0, second);
    rest = second == std::string::npos ? "" : rest.substr(second + 1);
  }
  p.layer = rest;
  return p;
}

/// What a scope cost with all inside it: its own entry, or the sum of the topmost entries below it.
Cost inclusive(const std::map<std::string, Cost>& scopes, const std::string& at) {
  if (const auto own = scopes.find(at); own != scopes.end()) return own->second;
  Cost sum;
  const std::string below = at + '/';
  for (auto entry = scopes.lower_bound(below); entry != scopes.end() && entry->first.starts_with(below);
       ++entry) {
    bool counted = false;
    for (std::size_t cut = entry->first.find('/', below.size()); cut != std::string::npos;
         cut = entry->first.find('/', cut + 1))
      counted = counted || scopes.contains(entry->first.substr(0, cut));
    if (!counted) sum += entry->second;
  }
  return sum;
}

struct Phase {
  Cost cost;
  std::map<std::string, Cost> passes;
};

struct Layer {
  Cost forward, backward, rest, all;
};

struct Costs {
  std::map<std::string, Phase> phases;
  std::map<std::string, Layer> layers;
  Cost total;
};

/// One party's scopes are added up first, and only then joined with the other parties'.
Costs costs_of(const RunReport& r) {
  Costs out;
  for (const PartyStats& party : r.parties) {
    join(out.total, party.total);
    std::set<std::pair<std::string, std::string>> places;
    std::map<std::string, Layer> layers;
    for (const auto& [path, cost] : party.scopes) {
      const Place p = place_of(path);
      places.insert({p.phase, ""});
      places.insert({p.phase, p.pass});
      if (p.layer.empty()) continue;
      Layer& layer = layers[p.layer];
      (p.pass == "forward" ? layer.forward : p.pass == "backward" ? layer.backward : layer.rest) += cost;
      layer.all += cost;
    }
    for (const auto& [phase, pass] : places) {
      if (pass.empty())
        join(out.phases[phase].cost, inclusive(party.scopes, phase));
      else
        join(out.phases[phase].passes[pass], inclusive(party.scopes, phase + '/' + pass));
    }
    for (const auto& [name, layer] : layers) {
      join(out.layers[name].forward, layer.forward);
      join(out.layers[name].backward, layer.backward);
      join(out.layers[name].rest, layer.rest);
      join(out.layers[name].all, layer.all);
    }
  }
  return out;
}

/// Names in the order in which they happen; others after them, by the alphabet.
std::vector<std::string> in_order(const auto& named, std::initializer_list<std::string_view> order) {
  std::vector<std::string> out;
  for (const std::string_view name : order)
    if (named.contains(std::string(name))) out.emplace_back(name);
  for (const auto& [name, value] : named)
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
  return out;
}

std::string unit_after(std::string_view name, const Scale& scale) {
  return fmt::format("{}, {}", name, scale.unit());
}

std::string phase_table(const Costs& costs) {
  const Cost& total = costs.total;
  const Scale bytes = Scale::bytes(static_cast<double>(total.payload)),
              rounds = Scale::counts(static_cast<double>(total.rounds)),
              seconds = Scale::seconds(total.seconds);
  std::vector<Row> rows;
  auto add = [&](const std::string& name, const Cost& c, std::string_view style) {
    rows.push_back({{name, bytes.with_bar(static_cast<double>(c.payload)),
                     rounds.with_bar(static_cast<double>(c.rounds)), seconds.with_bar(c.seconds)},
                    style});
  };
  Cost named;
  for (const std::string& name :
       in_order(costs.phases, {"sharing", "train", "measure", "release", "predict"})) {
    const Phase& phase = costs.phases.at(name);
    add(escaped(name), phase.cost, "");
    named += phase.cost;
    for (const std::string& pass : in_order(phase.passes, {"forward", "backward", "update"}))
      add(escaped(pass), phase.passes.at(pass), "child");
  }
  add("the rest",
      {total.payload - std::min(total.payload, named.payload), 0, 0,
       total.rounds - std::min(total.rounds, named.rounds),
       total.seconds - std::min(total.seconds, named.seconds)},
      "");
  add("whole run", total, "total");
  return table(
      "By phase",
      {{"Phase"}, {unit_after("Sent", bytes), true}, {"Rounds", true}, {unit_after("Time", seconds), true}},
      rows);
}

std::string layer_table(const Costs& costs) {
  if (costs.layers.empty()) return "";
  std::vector<std::pair<std::string, Layer>> layers(costs.layers.begin(), costs.layers.end());
  std::stable_sort(layers.begin(), layers.end(),
                   [](const auto& a, const auto& b) { return a.second.all.payload > b.second.all.payload; });
  double most_bytes = 0, most_rounds = 0, most_seconds = 0;
  for (const auto& [name, l] : layers) {
    most_bytes = std::max(most_bytes, static_cast<double>(l.all.payload));
    most_rounds = std::max(most_rounds, static_cast<double>(l.all.rounds));
    most_seconds = std::max(most_seconds, l.all.seconds);
  }
  const Scale bytes = Scale::bytes(most_bytes), rounds = Scale::counts(most_rounds),
              seconds = Scale::seconds(most_seconds);
  std::vector<Row> rows;
  for (const auto& [name, l] : layers) {
    const double f = static_cast<double>(l.forward.payload), b = static_cast<double>(l.backward.payload),
                 o = static_cast<double>(l.rest.payload);
    rows.push_back(
        {{escaped(name), bytes.text(f), bytes.text(b), bytes.text(o),
          bytes.with_bar(f + b + o, {{bytes.share(f), "a"}, {bytes.share(b), "b"}, {bytes.share(o), "c"}}),
          rounds.with_bar(static_cast<double>(l.all.rounds)), seconds.with_bar(l.all.seconds)},
         ""});
  }
  return table("By layer, largest first",
               {{"Layer"},
                {"<span class=\"key a\"></span>" + unit_after("Forward", bytes), true},
                {"<span class=\"key b\"></span>" + unit_after("Backward", bytes), true},
                {"<span class=\"key c\"></span>" + unit_after("Other", bytes), true},
                {unit_after("Sent", bytes), true},
                {"Rounds", true},
                {unit_after("Time", seconds), true}},
               rows) +
         "<p class=\"note\">Forward and backward are passes of training; other is measuring and predicting. "
         "The bars under Sent are stacked in this order.</p>\n";
}

}  // namespace

std::string costs_section(const RunReport& r) {
  const Costs costs = costs_of(r);
  if (costs.phases.empty() && costs.layers.empty()) return "";
  return section("costs", "Where traffic, rounds and time went",
                 "<p>Bytes are payload, summed over all compute parties. Rounds are the longest chain of "
                 "messages that depend on one another, and time is the slowest party’s. A phase holds the "
                 "indented ones below it.</p>\n" +
                     phase_table(costs) + layer_table(costs));
}

std::string parties_section(const RunReport& r) {
  if (r.parties.empty()) return "";
  double sent = 0, overhead = 0, memory = 0, time = 0;
  for (const PartyStats& p : r.parties) {
    sent = std::max(sent, static_cast<double>(p.total.payload));
    overhead = std::max(overhead, static_cast<double>(p.total.overhead));
    memory = std::max(memory, static_cast<double>(p.memory_bytes));
    time = std::max(time, p.total.seconds);
  }
  const Scale s = Scale::bytes(sent), o = Scale::bytes(overhead), m = Scale::bytes(memory),
              t = Scale::seconds(time);
  std::vector<Row> rows;
  for (const PartyStats& p : r.parties)
    rows.push_back({{escaped(p.name), s.with_bar(static_cast<double>(p.total.payload)),
                     o.text(static_cast<double>(p.total.overhead)), grouped(p.total.messages),
                     grouped(p.total.rounds), t.text(p.total.seconds),
                     p.memory_bytes == 0 ? "not known" : m.text(static_cast<double>(p.memory_bytes))},
                    ""});
  return section("parties", "The parties",
                 table("What each party counted itself",
                       {{"Party"},
                        {unit_after("Sent", s), true},
                        {unit_after("Frame heads", o), true},
                        {"Messages", true},
                        {"Rounds", true},
                        {unit_after("Time", t), true},
                        {unit_after("Peak memory", m), true}},
                       rows));
}

}  // namespace tacit::html
