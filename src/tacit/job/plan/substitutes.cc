#include "tacit/job/plan/substitutes.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tacit/base/error.h"
#include "tacit/base/text.h"

namespace tacit::planning {

namespace {

using nlohmann::json;
using nn::LayerSpec;

/// What saves less than this part of the time is not worth a word.
constexpr double kWorth = 0.05;
/// Estimates of seconds that differ by less are the same.
constexpr double kSame = 1.02;
/// A dense layer of fewer units is not halved.
constexpr std::int64_t kFewest = 4;

/// Every layer under the name that the builder gives it, so that another kind in its place keeps the names of
/// all.
void name_all(std::vector<LayerSpec>& layers, std::vector<std::string>& taken) {
  for (LayerSpec& layer : layers) {
    for (std::size_t n = 1; layer.name.empty(); ++n) {
      const std::string name = fmt::format("{}{}", layer.kind, n);
      if (std::find(taken.begin(), taken.end(), name) == taken.end()) layer.name = name;
    }
    taken.push_back(layer.name);
    name_all(layer.inner, taken);
  }
}

/// Whether a node comes from a layer: its own node, or one with a suffix.
bool made_by(const std::string& node, const std::string& layer) {
  return node == layer || node.starts_with(layer + ".");
}

/// A layer in a list, in the order in which layers run; within a residual block its inner layers.
struct Place {
  std::vector<LayerSpec>* list;
  std::size_t at;
  LayerSpec& layer() const { return (*list)[at]; }
};
void all_places(std::vector<LayerSpec>& layers, std::vector<Place>& out) {
  for (std::size_t i = 0; i < layers.size(); ++i) {
    all_places(layers[i].inner, out);
    out.push_back({&layers, i});
  }
}

std::string called(const LayerSpec& layer) { return fmt::format("{} ({})", layer.name, layer.kind); }

/// Layers of the job with the names that they have in the graph.
std::vector<LayerSpec> layers_of(const Job& job) {
  std::vector<LayerSpec> layers =
      job.model.network.empty() ? job.model.layers : nn::network_named(job.model.network);
  std::vector<std::string> taken;
  name_all(layers, taken);
  return layers;
}

/// Rules that put one kind of layer, or another size of it, in the place of another. Each changes a copy of
/// all layers, and says what it did; or nothing where it does not apply.
struct Change {
  std::string from, to;
};
using Rule = std::optional<Change> (*)(const Job&, std::vector<LayerSpec>&, std::size_t place);

std::optional<Change> other_kind(const Job&, std::vector<LayerSpec>& layers, std::size_t place) {
  std::vector<Place> places;
  all_places(layers, places);
  LayerSpec& l = places[place].layer();
  struct Kind {
    std::string_view from, to, words;
    nn::Attrs attrs;
    bool keeps;
  };
  const Kind kinds[] = {
      {"max_pool", "average_pool", "an average_pool of the same windows", {}, true},
      {"sigmoid", "hard_sigmoid", "a hard_sigmoid, of straight lines", {}, false},
      {"tanh", "clip", "a clip to [-1, 1], of straight lines", {{"low", -1.0}, {"high", 1.0}}, false},
      {"softplus", "relu", "a relu", {}, false},
      {"elu", "relu", "a relu", {}, false},
      {"hard_swish", "relu", "a relu", {}, false},
  };
  for (const Kind& k : kinds) {
    if (l.kind != k.from) continue;
    const Change out{called(l), std::string(k.words)};
    l.kind = k.to;
    if (!k.keeps) l.attrs = k.attrs;
    return out;
  }
  if (l.kind != "batch_norm" && l.kind != "layer_norm") return std::nullopt;
  const Change out{called(l), "no normalisation"};
  if (places[place].list->size() < 2) return std::nullopt;
  places[place].list->erase(places[place].list->begin() + static_cast<std::ptrdiff_t>(places[place].at));
  return out;
}

/// Half of the units or channels, of the layer itself or of the one before it whose numbers it works on.
std::optional<Change> narrower(const Job&, std::vector<LayerSpec>& layers, std::size_t place) {
  std::vector<Place> places;
  all_places(layers, places);
  const std::string name = places[place].layer().name;
  for (std::size_t i = place + 1; i-- > 0;) {
    LayerSpec& l = places[i].layer();
    const char* what = l.kind == "dense" ? "units" : l.kind == "conv2d" ? "channels" : nullptr;
    // The last layer has as many units as the label has numbers.
    if (what == nullptr || !l.attrs.has(what) || l.attrs.integer("groups", 1) != 1) continue;
    const std::int64_t now = l.attrs.integer(what);
    if (now < kFewest) continue;
    const Change out{i == place ? called(l) : fmt::format("{}, which {} works on", called(l), name),
                     fmt::format("{} {} instead of {}", now / 2, what, now)};
    l.attrs.set(what, now / 2);
    return out;
  }
  return std::nullopt;
}

/// A dense layer on a whole image as a convolution of few channels with a stride, as network D has it beside
/// A.
std::optional<Change> convolution(const Job& job, std::vector<LayerSpec>& layers, std::size_t place) {
  std::vector<Place> places;
  all_places(layers, places);
  LayerSpec& l = places[place].layer();
  const Shape example = feature_shape(job.data.schema);
  if (place != 0 || l.kind != "dense" || !l.attrs.has("units") || example.size() != 3 || example[1] < 5 ||
      example[2] < 5)
    return std::nullopt;
  const Change out{called(l), "a conv2d of 5 channels, 5x5, with stride 2"};
  l.kind = "conv2d";
  l.attrs = {{"channels", std::int64_t{5}},
             {"kernel", std::int64_t{5}},
             {"stride", std::int64_t{2}},
             {"padding", std::string("same")}};
  return out;
}

constexpr Rule kRules[] = {other_kind, convolution, narrower};

/// Of an imported model, whose layers are nodes: other operators of the same shapes.
std::optional<Variant> other_operator(const Job& job, const nn::Graph& graph, const std::string& name) {
  struct Kind {
    std::string_view from, to, words;
    nn::Attrs attrs;
  };
  const Kind kinds[] = {{"MaxPool", "AveragePool", "AveragePool of the same windows", {}},
                        {"Sigmoid", "HardSigmoid", "HardSigmoid", {{"alpha", 1.0 / 6}, {"beta", 0.5}}},
                        {"Tanh", "Clip", "Clip to [-1, 1]", {{"min", -1.0}, {"max", 1.0}}},
                        {"Gelu", "Relu", "Relu", {}},
                        {"Softplus", "Relu", "Relu", {}},
                        {"Elu", "Relu", "Relu", {}},
                        {"Mish", "Relu", "Relu", {}},
                        {"HardSwish", "Relu", "Relu", {}}};
  Variant out{name, "", "", job, graph};
  for (nn::Node& node : out.graph.nodes)
    for (const Kind& k : kinds) {
      const nn::Op* op = nn::find_op(k.to);
      if (node.name != name || node.op->name != k.from || op == nullptr) continue;
      out.from = fmt::format("{} ({})", name, k.from);
      out.to = k.words;
      nn::Attrs attrs = k.attrs;
      if (k.from == "MaxPool")
        for (const char* kept : {"kernel_shape", "strides", "pads", "auto_pad", "ceil_mode"})
          if (node.attrs.has(kept)) attrs.set(kept, node.attrs.all().at(kept));
      node.op = op;
      node.attrs = std::move(attrs);
      return out;
    }
  return std::nullopt;
}

Saving saving_of(const Variant& v, const JobPlan& now, const JobPlan& then) {
  return {v.layer,     v.from,       v.to,         now.seconds(), then.seconds(),
          now.bytes(), then.bytes(), now.rounds(), then.rounds()};
}

bool is_cheaper(const Saving& s) {
  return s.bytes_after < s.bytes_before && s.seconds_after < kSame * s.seconds_before;
}

/// Half, or twice, as many rows a step; and the other way to weigh rounds against bytes.
std::vector<Saving> for_the_whole(const Job& job, const nn::Graph& graph, const JobPlan& plan,
                                  const StepTimes& times) {
  std::vector<Saving> out;
  const auto consider = [&](Variant v) {
    const Saving s = saving_of(v, plan, plan_job(v.job, graph, plan.rows, times, plan.conditions));
    if (s.seconds_after < (1 - kWorth) * s.seconds_before) out.push_back(s);
  };
  Variant profile{"", fmt::format("profile = \"{}\"", job.profile), "", job, {}};
  profile.job.profile = job.profile == "lan" ? "wan" : "lan";
  profile.to = fmt::format("profile = \"{}\"", profile.job.profile);
  consider(std::move(profile));
  if (2 * job.training.batch > plan.split.train) return out;
  Variant batch{"", fmt::format("batch = {}", job.training.batch), "", job, {}};
  batch.job.training.batch *= 2;
  batch.to = fmt::format("batch = {}", batch.job.training.batch);
  consider(std::move(batch));
  return out;
}

}  // namespace

std::vector<Variant> variants_of(const Job& job, const nn::Graph& graph, const std::string& node) {
  std::vector<Variant> out;
  if (!job.model.file.empty()) {
    if (auto v = other_operator(job, graph, node)) out.push_back(std::move(*v));
    return out;
  }
  std::vector<LayerSpec> layers = layers_of(job);
  std::vector<Place> places;
  all_places(layers, places);
  // The longest name that fits: a layer may be called as the beginning of another.
  std::size_t place = places.size();
  for (std::size_t i = 0; i < places.size(); ++i)
    if (made_by(node, places[i].layer().name) &&
        (place == places.size() || places[i].layer().name.size() > places[place].layer().name.size()))
      place = i;
  if (place == places.size()) return out;
  for (const Rule& rule : kRules) {
    Variant v{node, "", "", job, {}};
    v.job.model.network.clear();
    v.job.model.layers = layers;
    const auto change = rule(job, v.job.model.layers, place);
    if (!change) continue;
    v.from = change->from;
    v.to = change->to;
    try {
      v.graph = build_model(v.job);
    } catch (const UsageError&) {
      continue;  // it does not fit what comes after it
    }
    out.push_back(std::move(v));
  }
  return out;
}

std::vector<Saving> cheaper(const Job& job, const nn::Graph& graph, const JobPlan& plan,
                            const StepTimes& times, const TimeSteps& time_steps, std::size_t most) {
  std::vector<Saving> out;
  std::size_t looked_at = 0;
  for (const std::size_t l : plan.dearest()) {
    const LayerPlan& layer = plan.layers[l];
    if (layer.op.empty()) continue;  // the loss is what the model is for
    if (out.size() == most || looked_at++ == 2 * most) break;
    std::optional<Saving> best;
    for (const Variant& v : variants_of(job, graph, layer.name)) {
      const Saving s = saving_of(
          v, plan, plan_job(v.job, v.graph, plan.rows, time_steps(v.job, v.graph), plan.conditions));
      // Fewer numbers of one layer are fewer for the next: named once.
      const bool known = std::any_of(out.begin(), out.end(), [&](const Saving& o) {
        return o.bytes_after == s.bytes_after && o.rounds_after == s.rounds_after;
      });
      if (!known && is_cheaper(s) && (!best || s.seconds_after < best->seconds_after)) best = s;
    }
    if (best) out.push_back(*best);
  }
  for (Saving& s : for_the_whole(job, graph, plan, times)) out.push_back(std::move(s));
  return out;
}

json to_json(const Saving& s) {
  const auto change = [](auto before, auto after) { return json{{"before", before}, {"after", after}}; };
  return {{"layer", s.layer},
          {"from", s.from},
          {"to", s.to},
          {"seconds", change(s.seconds_before, s.seconds_after)},
          {"bytes_sent", change(s.bytes_before, s.bytes_after)},
          {"rounds", change(s.rounds_before, s.rounds_after)},
          {"words", words(s)}};
}

std::string words(const Saving& s) {
  const std::string what =
      s.layer.empty()
          ? fmt::format("{} instead of {} (compare how well the model learns)", s.to, s.from)
          : fmt::format("in the place of {}: {} (another model, to be trained anew)", s.from, s.to);
  return fmt::format("{}: about {} instead of {}, {} sent instead of {}, {} rounds instead of {}", what,
                     human_seconds(s.seconds_after), human_seconds(s.seconds_before),
                     human_bytes(static_cast<double>(s.bytes_after)),
                     human_bytes(static_cast<double>(s.bytes_before)), s.rounds_after, s.rounds_before);
}

}  // namespace tacit::planning
