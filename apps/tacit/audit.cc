// The vendor attacks its own model, to know what others could do.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "fingerprint.h"
#include "layer_costs.h"
#include "measured_theft.h"
#include "sealed_options.h"
#include "tacit/audit/steal_page.h"
#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/data/npy.h"
#include "tacit/job/report.h"
#include "tacit/nn/graph/onnx_import.h"
#include "tacit/sealed/runtime.h"
#include "tacit/trace/plain_model.h"

namespace tacit::app {

namespace {

using nlohmann::json;

constexpr std::size_t kUsualQueries = 5000;
/// With few answers thieves who know the layers still make so many steps for an epoch that is asked for.
constexpr std::size_t kStepsAnEpoch = 16;
/// Faster than an imitation of which nothing is known: what surrounds the layers holds them.
constexpr double kLayersRate = 0.01;

struct Questions {
  PublicTensor asked, held_out;
  std::vector<std::size_t> labels;  ///< of those held out
  bool random = false;
};

PublicTensor part_of(const PublicTensor& all, std::size_t begin, std::size_t end) {
  PublicTensor out{all.shape, {}};
  const std::size_t width = all.values.size() / all.shape[0];
  out.shape[0] = end - begin;
  out.values.assign(all.values.begin() + static_cast<std::ptrdiff_t>(begin * width),
                    all.values.begin() + static_cast<std::ptrdiff_t>(end * width));
  return out;
}

/// The classes of all examples, of which the last are wanted.
std::vector<std::size_t> labels_of(const fs::path& file, std::size_t examples, std::size_t wanted) {
  ArrayReader reader = open_npy(file);
  require(elements(reader.shape()) == examples, "'{}' holds {} labels, and there are {} examples",
          file.string(), elements(reader.shape()), examples);
  const std::vector<double> all = reader.rows(0, reader.row_count());
  std::vector<std::size_t> out;
  for (std::size_t i = examples - wanted; i < examples; ++i) {
    require(all[i] >= 0 && all[i] < 1e9 && all[i] == std::floor(all[i]),
            "'{}' holds the label {}, which is no class: those count from 0", file.string(), all[i]);
    out.push_back(static_cast<std::size_t>(all[i]));
  }
  return out;
}

/// The last of the given examples are held back, a third of them at most.
Questions questions_for(const StealOptions& o, const Shape& example) {
  Questions out;
  out.random = o.inputs.empty();
  PublicTensor all;
  std::size_t held = o.held_out;
  if (out.random) {
    const std::size_t most =
        o.queries.empty() ? kUsualQueries : *std::max_element(o.queries.begin(), o.queries.end());
    all = trace::random_examples(example, most + held, o.seed);
  } else {
    all = examples_of(o.inputs, example);
    held = std::min(held, all.shape[0] / 3);
    require(held > 0, "'{}' holds {} examples, of which a third is held back to measure on: give more",
            o.inputs.string(), all.shape[0]);
  }
  const std::size_t rows = all.shape[0];
  out.asked = part_of(all, 0, rows - held);
  out.held_out = part_of(all, rows - held, rows);
  if (!o.labels.empty()) out.labels = labels_of(o.labels, rows, held);
  return out;
}

/// A model that is audited: what answers, what it is made of if that is asked for, and what it is.
struct Victim {
  std::unique_ptr<trace::PlainModel> plain;
  std::unique_ptr<sealed::Runtime> runtime;
  std::optional<nn::Graph> graph;
  audit::AuditedModel about;

  const Shape& example() const { return plain ? plain->example() : runtime->example(); }
  PublicTensor run(const PublicTensor& x) { return plain ? plain->run(x) : runtime->run(x); }
};

Victim victim_of(const StealOptions& o) {
  Victim out;
  const bool layers = o.find_protection || !o.protect.empty();
  if (lowered(o.model.extension().string()) == ".onnx") {
    nn::ImportOptions import;
    import.fold_batch_norm = true;
    nn::Graph graph = nn::import_onnx(o.model, import);
    if (layers) out.graph = graph;
    out.plain = std::make_unique<trace::PlainModel>(std::move(graph), o.threads);
    out.about = {o.model.stem().string(), "", "", 0, "", false};
    return out;
  }
  const auto device = sealed::DeviceKeys::open(o.keys);
  out.runtime = std::make_unique<sealed::Runtime>(sealed::open_model(o.model, device, now_here()), o.threads);
  if (layers) out.graph = sealed::Runtime::graph_of(sealed::open_model(o.model, device, now_here()));
  const sealed::Header& h = out.runtime->header();
  out.about = {h.model_name,
               h.vendor_name,
               std::string(sealed::words_of(static_cast<unsigned>(h.level)).name),
               static_cast<unsigned>(h.level),
               h.fingerprint,
               false};
  return out;
}

json or_null(const std::optional<double>& x) { return x ? json(*x) : json(nullptr); }

json to_json(const audit::Curve& c) {
  json out{{"thief", c.thief},
           {"protected", c.kept && c.thief != "architecture" ? to_string(*c.kept) : "all"},
           {"points", json::array()}};
  for (const audit::CurvePoint& p : c.points)
    out["points"].push_back({{"queries", p.queries},
                             {"fidelity", p.fidelity.agreement},
                             {"accuracy", or_null(p.accuracy)},
                             {"error", p.fidelity.error},
                             {"how", p.how},
                             {"seconds", p.seconds}});
  return out;
}

json to_json(const audit::Protection& p, const std::string& unit, std::size_t layers) {
  json out{{"layers", p.layers ? json(to_string(*p.layers)) : json(nullptr)},
           {"whole", p.whole},
           {"complete", p.complete},
           {"cost", p.cost},
           {"cost_unit", unit},
           {"fidelity", p.fidelity},
           {"black_box_fidelity", p.black_box_fidelity},
           {"margin", p.margin},
           {"queries", p.queries},
           {"layers_in_all", layers},
           {"tried", json::array()}};
  for (const audit::Tried& t : p.tried)
    out["tried"].push_back({{"layers", to_string(t.layers)},
                            {"cost", t.cost},
                            {"affine", t.affine},
                            {"fidelity", or_null(t.fidelity)},
                            {"how", t.how},
                            {"enough", t.enough}});
  return out;
}

void add_partition(json& out, const audit::PartitionAudit& a) {
  out["layers"] = json::array();
  for (std::size_t i = 0; i < a.layers.size(); ++i)
    out["layers"].push_back({{"number", i + 1},
                             {"name", a.layers[i].name},
                             {"operator", a.layers[i].op},
                             {"weights", a.layers[i].numbers},
                             {"cost", a.costs[i]}});
  out["cost_unit"] = a.cost_unit;
  out["notes"] = a.notes;
  if (a.protection) {
    out["protection"] = to_json(*a.protection, a.cost_unit, a.layers.size());
    out["protection"]["words"] = audit::protection_words(a);
  }
  if (a.form) out["form"] = audit::to_string(*a.form);
  if (a.solved)
    out["algebra"] = {
        {"queries", a.solved->queries}, {"residual", a.solved->residual}, {"words", audit::algebra_words(a)}};
}

json to_json(const audit::AuditedModel& m, const audit::StealAudit& a) {
  json out{{"model", m.name},
           {"vendor", m.level > 0 ? json(m.vendor) : json(nullptr)},
           {"level", m.level > 0 ? json(m.level) : json(nullptr)},
           {"level_name", m.level > 0 ? json(m.level_name) : json(nullptr)},
           {"fingerprint", m.fingerprint.empty() ? json(nullptr) : json(m.fingerprint)},
           {"from_inside", {{"queries", 0}, {"agreement", 1.0}, {"words", audit::insider_words(m)}}},
           {"random_questions", m.random},
           {"inputs", a.inputs},
           {"outputs", a.outputs},
           {"held_out", a.held_out},
           {"guess", a.guess},
           {"accuracy", or_null(a.accuracy)},
           {"curve", json::array()}};
  for (const audit::StolenAt& s : a.curve)
    out["curve"].push_back({{"thief", s.thief},
                            {"queries", s.queries},
                            {"agreement", s.fidelity.agreement},
                            {"error", s.fidelity.error},
                            {"seconds", s.seconds}});
  return out;
}

void tell(const audit::AuditedModel& m, const audit::StealAudit& a, const audit::PartitionAudit* partition) {
  std::printf("%s, %s\n\n%s\n\nBy asking about %s, measured on %zu others (a guess: %.1f %%):\n",
              m.name.c_str(),
              m.level == 0 ? "not sealed" : fmt::format("level {}, {}", m.level, m.level_name).c_str(),
              audit::insider_words(m).c_str(), m.random ? "random numbers" : "your examples", a.held_out,
              100 * a.guess);
  const bool labelled = a.accuracy.has_value();
  std::printf("%-42s %10s %12s%s %16s\n", "thief", "queries", "agreement", labelled ? "   accuracy" : "",
              "error of scores");
  for (const audit::Curve& c : partition != nullptr ? partition->curves : audit::curves_of(a))
    for (const audit::CurvePoint& p : c.points) {
      std::printf("%-42s %10zu %10.1f %%", audit::thief_words(c).c_str(), p.queries,
                  100 * p.fidelity.agreement);
      if (labelled) std::printf(" %8.1f %%", 100 * p.accuracy.value_or(0));
      std::printf(" %16.3g\n", p.fidelity.error);
    }
  if (labelled) std::printf("The model itself is right in %.1f %%.\n", 100 * *a.accuracy);
  if (partition != nullptr) {
    std::printf("\n%-6s %-24s %-12s %12s %20s\n", "layer", "name", "operator", "weights",
                partition->cost_unit.c_str());
    for (std::size_t i = 0; i < partition->layers.size(); ++i) {
      const audit::WeightedLayer& l = partition->layers[i];
      std::printf("%-6zu %-24s %-12s %12llu %20.0f\n", i + 1, one_line(l.name).c_str(), l.op.c_str(),
                  static_cast<unsigned long long>(l.numbers), partition->costs[i]);
    }
    if (partition->protection) std::printf("\n%s\n", audit::protection_words(*partition).c_str());
    if (const std::string words = audit::algebra_words(*partition); !words.empty())
      std::printf("\n%s\n", words.c_str());
    for (const std::string& n : partition->notes) std::printf("%s.\n", one_line(n).c_str());
  }
  std::printf("One who knows more of the model, or tries harder, gets more.\n");
}

audit::PartitionAudit partition_of(const Victim& victim, const StealOptions& o, const audit::Asked& asked,
                                   const audit::StealAudit& black_box,
                                   const std::optional<audit::Segment>& keep,
                                   std::chrono::steady_clock::time_point begin, ProgressLine& line) {
  audit::PartitionSettings settings;
  settings.keep = keep;
  settings.find = o.find_protection;
  LayerCosts costs = layer_costs(*victim.graph, audit::weighted_layers(*victim.graph));
  settings.costs = std::move(costs.each);
  settings.cost_unit = std::move(costs.unit);
  settings.margin = o.margin / 100;
  settings.learn = {
      .epochs = o.epochs, .least_steps = kStepsAnEpoch * o.epochs, .rate = kLayersRate, .seed = o.seed};
  settings.threads = o.threads;
  if (o.minutes > 0)
    settings.time_left = [&o, begin] {
      return std::chrono::steady_clock::now() - begin <
             std::chrono::duration<double, std::ratio<60>>(o.minutes);
    };
  return audit::audit_partition(*victim.graph, asked, black_box, settings,
                                [&](const std::string& phase, std::size_t done, std::size_t all) {
                                  line.show({phase, done, all, std::nullopt, 0});
                                });
}

}  // namespace

json audit_steal(const StealOptions& o, const Style& style) {
  const auto begin = std::chrono::steady_clock::now();
  Victim victim = victim_of(o);
  // What cannot be is said before anything is trained.
  std::optional<audit::Segment> keep;
  if (!o.protect.empty())
    keep = audit::parse_segment(o.protect, audit::weighted_layers(*victim.graph).size());
  Questions questions = questions_for(o, victim.example());
  victim.about.random = questions.random;
  const audit::Asked asked = audit::ask(
      [&](const PublicTensor& x) { return victim.run(x); }, questions.asked, questions.held_out,
      o.queries.empty() ? audit::usual_queries(std::min(questions.asked.shape[0], kUsualQueries)) : o.queries,
      std::move(questions.labels));
  ProgressLine line(style);
  audit::StealSettings settings;
  settings.network = {.epochs = o.epochs, .seed = o.seed, .threads = o.threads};
  const audit::StealAudit result = audit::steal(asked, settings, [&](std::size_t done, std::size_t all) {
    line.show({"training imitations", done, all, std::nullopt, 0});
  });
  std::optional<audit::PartitionAudit> partition;
  if (victim.graph) partition = partition_of(victim, o, asked, result, keep, begin, line);
  line.finish();
  const audit::PartitionAudit* layers = partition ? &*partition : nullptr;
  json out = to_json(victim.about, result);
  out["model_digest"] = victim.about.level == 0 ? json(digest_of(o.model)) : json(nullptr);
  out["curves"] = json::array();
  for (const audit::Curve& c : layers != nullptr ? layers->curves : audit::curves_of(result))
    out["curves"].push_back(to_json(c));
  if (layers != nullptr) add_partition(out, *layers);
  write_file(o.out, out.dump(2) + "\n");
  write_file(o.html, audit::steal_page(victim.about, result, layers));
  if (!style.json) {
    tell(victim.about, result, layers);
    say(style, fmt::format("The numbers are in {}, and the picture in {}", o.out.string(), o.html.string()));
  }
  out["page"] = o.html.string();
  return out;
}

}  // namespace tacit::app
