// Advice before a model is split: what each cut costs whom, which one to take, and what would be cheaper.
#include "tacit/serve/plan.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/nn/graph/onnx_import.h"
#include "tacit/serve/deployment.h"
#include "tacit/serve/loopback.h"
#include "tacit/serve/service.h"
#include "tacit/split/seco/substitutes.h"
#include "tacit/split/seco/unit_costs.h"

namespace tacit::app {

namespace {

using nlohmann::json;

/// A saving that is worth a word.
constexpr double kWorth = 0.1;
/// The same where it is paid for by more computing.
constexpr double kWorthInTime = 0.3;

std::string size_text(std::uint64_t n) { return human_bytes(static_cast<double>(n)); }

/// Two digits, however short.
std::string time_of(double seconds) {
  if (seconds >= 1) return human_seconds(seconds);
  const double ms = 1000 * seconds;
  return ms >= 10 ? fmt::format("{:.0f} ms", ms) : fmt::format("{:.2g} ms", ms);
}

/// What is the same for all cuts.
struct Facts {
  std::vector<Layer> layers;
  std::string user_sees;
  std::uint64_t weights = 0;
};

std::string percent(std::uint64_t part, std::uint64_t all) {
  return fmt::format("{:.0f} %",
                     all > 0 ? 100.0 * static_cast<double>(part) / static_cast<double>(all) : 0.0);
}

std::string gateway_holds(const CutEstimate& c, const Facts& f) {
  if (c.gateway_weights == 0) return "no layer alone";
  const std::string& last = f.layers[c.gateway_layers - 1].name;
  return fmt::format("the first {} of {} layers, up to '{}': {} weights of {}", c.gateway_layers,
                     f.layers.size(), last, c.gateway_weights, f.weights);
}
std::string remotes_hold(const CutEstimate& c, const Facts& f) {
  if (c.remote_weights == 0) return "no weights";
  return fmt::format("{} weights of {}, if all of them add their shares", c.remote_weights, f.weights);
}

json to_json(const CutEstimate& c, const Facts& f) {
  json servers = json::object(), stages = json::array();
  for (const ServerEstimate& s : c.servers)
    servers[s.name] = {{"setup", to_json(s.setup)},
                       {"ahead", to_json(s.ahead)},
                       {"online", to_json(s.online)},
                       {"memory_bytes", s.memory},
                       {"weights", s.weights}};
  for (const StageEstimate& s : c.stages)
    stages.push_back({{"name", s.name},
                      {"ahead_bytes", s.ahead_bytes},
                      {"online_bytes", s.online_bytes},
                      {"online_rounds", s.online_rounds}});
  return {{"gateway_layers", c.gateway_layers},
          {"activation", to_string(c.activations)},
          {"user",
           {{"waiting_seconds", c.waiting_seconds},
            {"participation_seconds", c.participation_seconds},
            {"bytes", c.user_sent + c.user_received},
            {"bytes_sent", c.user_sent},
            {"bytes_received", c.user_received}}},
          {"setup_seconds", c.setup_seconds},
          {"ahead_seconds", c.ahead_seconds},
          {"ahead_bytes", c.ahead_bytes()},
          {"online_bytes", c.online_bytes()},
          {"online_rounds", c.online_rounds()},
          {"busiest", c.busiest().name},
          {"servers", servers},
          {"stages", stages},
          {"user_sees", f.user_sees},
          {"gateway_holds", gateway_holds(c, f)},
          {"remotes_hold_together", remotes_hold(c, f)}};
}

std::uint64_t most_memory(const CutEstimate& c) {
  std::uint64_t most = 0;
  for (const ServerEstimate& s : c.servers) most = std::max(most, s.memory);
  return most;
}

void print_row(const CutEstimate& c, const Facts& f, bool taken) {
  const ServerEstimate& busy = c.busiest();
  std::printf("%s %7zu  %-8s %9s %9s %10s %10s %6llu   %-9s %9s %9s %8s\n", taken ? ">" : " ",
              c.gateway_layers, std::string(to_string(c.activations)).c_str(),
              time_of(c.waiting_seconds).c_str(), time_of(c.ahead_seconds).c_str(),
              size_text(c.ahead_bytes()).c_str(), size_text(c.online_bytes()).c_str(),
              static_cast<unsigned long long>(c.online_rounds()), busy.name.c_str(),
              time_of(busy.ahead.seconds + busy.online.seconds).c_str(), size_text(most_memory(c)).c_str(),
              percent(c.remote_weights, f.weights).c_str());
}

double saved(std::uint64_t before, std::uint64_t after) {
  return before > 0 ? 1 - static_cast<double>(after) / static_cast<double>(before) : 0;
}

/// What would be cheaper, given what is taken now.
json cheaper(const nn::Graph& graph, const seco::NetworkSizes& sizes, const PlanSettings& settings,
             const seco::UnitCosts& units, const CutEstimate& now) {
  json out = json::array();
  auto tell = [&](const std::string& from, const std::string& to, const CutEstimate& then,
                  const std::string& words) {
    auto change = [](std::uint64_t before, std::uint64_t after) {
      return static_cast<std::int64_t>(before) - static_cast<std::int64_t>(after);
    };
    out.push_back({{"from", from},
                   {"to", to},
                   {"saves",
                    {{"ahead_bytes", change(now.ahead_bytes(), then.ahead_bytes())},
                     {"online_bytes", change(now.online_bytes(), then.online_bytes())},
                     {"online_rounds", change(now.online_rounds(), then.online_rounds())}}},
                   {"words", words}});
  };
  for (const seco::Substitute& s : seco::substitutes(graph, sizes.network().numbers)) {
    const seco::NetworkSizes others(s.model.network, sizes.servers());
    const CutEstimate then = plan_cut(others, settings, units, now.gateway_layers, now.activations);
    const double changes[] = {
        1 - then.waiting_seconds / now.waiting_seconds, saved(now.ahead_bytes(), then.ahead_bytes()),
        saved(now.online_bytes(), then.online_bytes()), saved(now.online_rounds(), then.online_rounds())};
    const auto [least, most] = std::minmax_element(std::begin(changes), std::end(changes));
    // Worth a word if something falls by much, and nothing rises by as much.
    if (*most < kWorth || *least < -kWorth) continue;
    tell(s.from, s.to, then,
         fmt::format("{} instead of {} (the model is to be trained again): the user waits {} instead of {}, "
                     "and servers send {} instead of {} ahead of a query and {} instead of {} online, in {} "
                     "rounds instead of {}",
                     s.to, s.from, time_of(then.waiting_seconds), time_of(now.waiting_seconds),
                     size_text(then.ahead_bytes()), size_text(now.ahead_bytes()),
                     size_text(then.online_bytes()), size_text(now.online_bytes()), then.online_rounds(),
                     now.online_rounds()));
  }
  if (!ot::is_silent(settings.transfers)) {
    PlanSettings silent = settings;
    silent.transfers = ot::Source::Ferret;
    const CutEstimate then = plan_cut(sizes, silent, units, now.gateway_layers, now.activations);
    if (saved(now.ahead_bytes(), then.ahead_bytes()) > kWorthInTime)
      tell(std::string(ot::to_string(settings.transfers)), "ferret", then,
           fmt::format("transfers = \"ferret\": servers send {} instead of {} ahead of a query, and compute "
                       "for longer ('tacit plan --transfers ferret' says how long)",
                       size_text(then.ahead_bytes()), size_text(now.ahead_bytes())));
  }
  return out;
}

std::string advice(const CutEstimate& best, const CutEstimate& other, const Facts& f, const PlanOptions& o) {
  const std::string cut = o.remotes == 0 ? "" : fmt::format(" --gateway-layers {}", best.gateway_layers);
  const ServerEstimate& busy = best.busiest();
  const std::string held =
      o.remotes == 0
          ? "the gateway has all weights"
          : fmt::format("the gateway has {} of the weights alone, and the remotes together {}",
                        percent(best.gateway_weights, f.weights), percent(best.remote_weights, f.weights));
  return fmt::format(
      "tacit split {}{} --remotes {}{}, and activations = \"{}\" in the deployment file: the user waits {} "
      "({} with \"{}\"), the busiest ({}) works {} for a query, and {}.",
      o.file.string(), cut, o.remotes, o.remotes > 0 && o.gateway_share ? " --gateway-share" : "",
      to_string(best.activations), time_of(best.waiting_seconds), time_of(other.waiting_seconds),
      to_string(other.activations), busy.name, time_of(busy.ahead.seconds + busy.online.seconds), held);
}

void check_kind(const PlanOptions& o, bool job) {
  const auto& misplaced = job ? o.of_models : o.of_jobs;
  require(misplaced.empty(), "{} is for {}, and '{}' is {}", misplaced.empty() ? "" : misplaced.front(),
          job ? "a model that is to be split" : "a job that is to be trained", o.file.string(),
          job ? "a job" : "a model");
}

}  // namespace

json plan(const PlanOptions& o, const Style& style) {
  const std::string extension = lowered(o.file.extension().string());
  require(extension == ".toml" || extension == ".onnx",
          "'{}' is no job and no ONNX model: 'tacit plan' takes a file that ends in .toml or .onnx",
          o.file.string());
  check_kind(o, extension == ".toml");
  if (extension == ".toml") return plan_training(o, style);
  const bool local = o.link.empty();
  PlanSettings settings{.remotes = o.remotes, .gateway_share = o.gateway_share};
  if (!local) settings.link = parse_link(o.link);
  settings.transfers = transfers_named(o.transfers);
  nn::ImportOptions import;
  import.fold_batch_norm = true;
  const seco::Numbers numbers{.bits = o.bits, .fraction = o.fraction};
  const nn::Graph graph = nn::import_onnx(o.file, import);
  const seco::Model model = seco::split_model(graph, numbers);
  seco::check(model.network);

  say(style, "measuring what single steps take on this machine ...");
  const seco::NetworkSizes sizes(model.network, split_names(o.remotes).size());
  const seco::UnitCosts units = seco::measure_units(sizes, settings.transfers);
  const seco::Face face = seco::face_of(model.network);
  settings.user_seconds = seco::measure_user(face, sizes.servers());
  // Whatever the link, messages go through two processes.
  const LinkShape here = measure_loopback(sizes.servers());
  settings.link.one_way_seconds += here.one_way_seconds;
  settings.link.bytes_per_second = settings.link.bytes_per_second > 0
                                       ? std::min(settings.link.bytes_per_second, here.bytes_per_second)
                                       : here.bytes_per_second;
  settings.shared_cores = o.cores > 0 ? o.cores : local ? available_processors() : 0;

  const std::vector<CutEstimate> cuts = plan_cuts(sizes, settings, units);
  const std::size_t best = recommended(cuts);
  const CutEstimate& taken = cuts[best];
  const auto same_cut = [&](const CutEstimate& c) {
    return c.gateway_layers == taken.gateway_layers && c.activations != taken.activations;
  };
  const CutEstimate& other = *std::find_if(cuts.begin(), cuts.end(), same_cut);
  Facts facts{weights_by_layer(model.network), "", 0};
  for (const Layer& l : facts.layers) facts.weights += l.weights;
  const bool two_party = o.remotes == 0;
  facts.user_sees = two_party ? "all layers and their shapes, and no weights"
                              : fmt::format("the shape of the input ({}) and the numbers of the answer ({})",
                                            to_string(face.input), face.answers);

  json out{{"model", o.file.string()},
           {"link", local ? "local" : o.link},
           {"transfers", ot::to_string(settings.transfers)},
           {"cores", settings.shared_cores},
           {"estimate", "seconds are estimates, from steps measured on this machine"},
           {"layers", json::array()},
           {"cuts", json::array()}};
  for (const Layer& l : facts.layers) out["layers"].push_back({{"name", l.name}, {"weights", l.weights}});
  for (const CutEstimate& c : cuts) out["cuts"].push_back(to_json(c, facts));
  const std::string words = advice(taken, other, facts, o);
  out["recommended"] = {{"cut", best},
                        {"gateway_layers", taken.gateway_layers},
                        {"activation", to_string(taken.activations)},
                        {"words", words},
                        {"cheaper", cheaper(graph, sizes, settings, units, taken)}};
  if (style.json) return out;

  std::printf("%s: %zu layers with weights (%llu numbers), %zu stages\n", o.file.c_str(), facts.layers.size(),
              static_cast<unsigned long long>(facts.weights), model.network.stages.size());
  std::printf(
      "%s; link: %s; transfers: %s\n\n",
      two_party
          ? "the gateway and the user, as two parties"
          : fmt::format("servers: a gateway and {} remote{}", o.remotes, o.remotes == 1 ? "" : "s").c_str(),
      local
          ? fmt::format("local (no latency: all on the {} processors of this machine)", settings.shared_cores)
                .c_str()
          : o.link.c_str(),
      o.transfers.c_str());
  std::printf(
      "  gateway  activa-       user    ahead: all servers       online: all         busiest         "
      "memory   remotes\n"
      "   layers  tions        waits      time       send       send rounds   server         work   a "
      "query     hold\n");
  for (const CutEstimate& c : cuts) print_row(c, facts, &c == &taken);
  std::printf(
      "\nSeconds are estimates, from steps measured on this machine. %s a user takes part for %s,\nmoves %s, "
      "and sees of the model %s.\n\n",
      two_party ? "For a query" : "Whatever the cut,", time_of(taken.participation_seconds).c_str(),
      size_text(taken.user_sent + taken.user_received).c_str(), facts.user_sees.c_str());
  std::printf("Advice: %s\n", words.c_str());
  for (const json& s : out["recommended"]["cheaper"])
    std::printf("Cheaper: %s.\n", s.at("words").get<std::string>().c_str());
  return out;
}

}  // namespace tacit::app
