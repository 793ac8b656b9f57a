#include "tacit/job/report_parts.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "tacit/base/error.h"
#include "tacit/base/json_number.h"

namespace tacit {

using nlohmann::json;

namespace {

/// A layer in a few words: "conv2d channels=8 kernel=5".
std::string in_words(const nn::LayerSpec& layer) {
  std::string out = layer.kind;
  for (const auto& [name, attr] : layer.attrs.all())
    out += fmt::format(" {}={}", name,
                       std::visit(
                           [](const auto& v) -> std::string {
                             using T = std::decay_t<decltype(v)>;
                             if constexpr (std::is_same_v<T, std::string>) {
                               return v;
                             } else if constexpr (std::is_arithmetic_v<T>) {
                               return fmt::format("{}", v);
                             } else {
                               std::string list;
                               for (const auto& e : v)
                                 list += fmt::format("{}{}", list.empty() ? "" : "x", e);
                               return list;
                             }
                           },
                           attr));
  if (layer.inner.empty()) return out;
  out += " (";
  for (std::size_t i = 0; i < layer.inner.size(); ++i) out += (i == 0 ? "" : ", ") + in_words(layer.inner[i]);
  return out + ")";
}

json comparison_json(const ComparisonReport& c) {
  json j{{"batches", c.batches},
         {"largest_relative_difference", c.largest},
         {"largest_at", c.largest_at},
         {"first_divergence", nullptr}};
  if (!c.first) return j;
  const ComparisonReport::Divergence& d = *c.first;
  j["first_divergence"] = {
      {"batch", d.batch + 1},
      {"place", d.place},
      {"layer", d.layer},
      {"relative_difference", d.relative},
      {"size_exact", d.exact},
      {"size_simulated", d.simulated},
      {"cause", d.range ? "range" : "precision"},
      {"proposed_fraction_bits", d.proposed_fraction_bits ? json(*d.proposed_fraction_bits) : json(nullptr)}};
  return j;
}

ComparisonReport comparison_from(const json& j) {
  ComparisonReport c;
  c.batches = whole_number<std::size_t>(j.at("batches"));
  c.largest = j.at("largest_relative_difference").get<double>();
  c.largest_at = j.at("largest_at").get<std::string>();
  const json& first = j.at("first_divergence");
  if (first.is_null()) return c;
  const std::string cause = first.at("cause").get<std::string>();
  require(cause == "range" || cause == "precision", "no report of tacit: the cause '{}' is not known", cause);
  const std::size_t batch = whole_number<std::size_t>(first.at("batch"));
  require(batch > 0, "no report of tacit: batches are counted from 1");
  const json& proposed = first.at("proposed_fraction_bits");
  c.first = {batch - 1,
             first.at("place").get<std::string>(),
             first.at("layer").get<std::string>(),
             first.at("relative_difference").get<double>(),
             first.at("size_exact").get<double>(),
             first.at("size_simulated").get<double>(),
             cause == "range",
             proposed.is_null() ? std::nullopt : std::optional(whole_number<unsigned>(proposed))};
  return c;
}

}  // namespace

std::map<std::string, std::string> settings_of(const Job& job) {
  const nn::TrainSettings& t = job.training;
  const nn::OptimiserSettings& o = t.optimiser;
  std::map<std::string, std::string> out;
  out["job.patience"] = fmt::format("{:g}", std::chrono::duration<double>(job.patience).count());
  out["data.partition"] = job.data.holding == Holding::AllColumns ? "rows" : "columns";
  out["data.test_fraction"] = fmt::format("{}", job.data.test_fraction);
  if (!job.model.file.empty()) {
    out["model"] = "an ONNX file";
  } else if (!job.model.network.empty()) {
    out["model"] = job.model.network;
  } else {
    for (std::size_t i = 0; i < job.model.layers.size(); ++i)
      out["model"] += (i == 0 ? "" : ", ") + in_words(job.model.layers[i]);
  }
  out["model.seed"] = std::to_string(job.model.seed);
  out["training.batch"] = std::to_string(t.batch);
  out["training.seed"] = std::to_string(t.seed);
  out["training.loss"] = t.loss;
  out["training.checkpoint_every"] = std::to_string(job.checkpoint_every);
  out["training.overflow_guard"] = t.guard_every == 0 ? "off" : std::to_string(t.guard_every);
  out["training.optimiser.name"] = o.name;
  out["training.optimiser.rate"] = fmt::format("{}", o.rate);
  out["training.optimiser.schedule"] = o.schedule;
  out["training.optimiser.weight_decay"] = fmt::format("{}", o.weight_decay);
  out["training.optimiser.clip"] = fmt::format("{}", o.clip);
  if (o.name == "momentum") out["training.optimiser.momentum"] = fmt::format("{}", o.momentum);
  if (o.name == "adam" || o.name == "amsgrad") {
    out["training.optimiser.beta1"] = fmt::format("{}", o.beta1);
    out["training.optimiser.beta2"] = fmt::format("{}", o.beta2);
    out["training.optimiser.epsilon"] = fmt::format("{}", o.epsilon);
  }
  if (o.schedule == "step") {
    out["training.optimiser.schedule_factor"] = fmt::format("{}", o.schedule_factor);
    out["training.optimiser.schedule_epochs"] = fmt::format("{}", o.schedule_epochs);
  }
  return out;
}

json to_json(const SessionBreak& b) { return {{"step", b.step}, {"who", b.who}, {"what", b.what}}; }
SessionBreak break_from_json(const json& j) {
  return {whole_number<std::size_t>(j.at("step")), j.at("who").get<std::string>(),
          j.at("what").get<std::string>()};
}

namespace report_parts {

void add_more(json& to, const RunReport& r) {
  if (!r.rows.empty()) to["job"]["rows"] = r.rows;
  if (!r.settings.empty()) to["job"]["settings"] = r.settings;
  for (const SessionBreak& b : r.breaks) to["breaks"].push_back(to_json(b));
  if (!r.mended.empty()) to["mended"] = r.mended;
  for (const PartyStats& p : r.planned) to["plan"]["parties"][p.name] = to_json(p);
  if (r.comparison) to["comparison"] = comparison_json(*r.comparison);
}

void take_more(RunReport& r, const json& from) {
  if (from.at("job").contains("rows"))
    for (const auto& [owner, rows] : from.at("job").at("rows").items())
      r.rows[owner] = whole_number<std::uint64_t>(rows);
  if (from.at("job").contains("settings"))
    r.settings = from.at("job").at("settings").get<std::map<std::string, std::string>>();
  if (from.contains("breaks"))
    for (const json& b : from.at("breaks")) r.breaks.push_back(break_from_json(b));
  if (from.contains("mended"))
    for (const auto& [party, times] : from.at("mended").items())
      r.mended[party] = whole_number<std::size_t>(times);
  if (from.contains("plan"))
    for (const PartyStats& p : r.parties) {
      r.planned.push_back(stats_from_json(from.at("plan").at("parties").at(p.name)));
      r.planned.back().name = p.name;
    }
  if (from.contains("comparison") && !from.at("comparison").is_null())
    r.comparison = comparison_from(from.at("comparison"));
}

}  // namespace report_parts

}  // namespace tacit
