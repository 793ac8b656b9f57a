#include "tacit/job/job.h"

#include <fstream>
#include <sstream>

#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/nn/graph/onnx_import.h"

namespace tacit {

std::vector<Endpoint> Job::roster() const {
  std::vector<Endpoint> out = parties;
  out.insert(out.end(), owners.begin(), owners.end());
  return out;
}

std::vector<std::string> Job::names() const {
  std::vector<std::string> out;
  for (const auto& e : roster()) out.push_back(e.name);
  return out;
}

std::vector<std::string> Job::party_names() const {
  std::vector<std::string> out;
  for (const auto& e : parties) out.push_back(e.name);
  return out;
}

PartyId Job::endpoint(std::string_view who) const {
  const auto all = names();
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i] == who) return party_id(i);
  throw UsageError(
      fmt::format("'{}' is no party and no owner of this job: did you mean '{}'?", who, nearest(who, all)));
}

namespace {

Bytes read_bytes(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  require(in.good(), "cannot read the model file '{}'", file.string());
  std::ostringstream all;
  all << in.rdbuf();
  const std::string text = all.str();
  const ByteView view = bytes_of(text);
  return {view.begin(), view.end()};
}

/// Lines "path = value" with every text written out with its length, so that no two jobs give the same text.
class Canonical {
 public:
  void put(std::string_view key, std::string_view text) {
    out_ += fmt::format("{} = {}:{}\n", key, text.size(), text);
  }
  void put(std::string_view key, double value) { out_ += fmt::format("{} = {:.17g}\n", key, value); }
  void put(std::string_view key, std::uint64_t value) { out_ += fmt::format("{} = {}\n", key, value); }
  void put_attribute(std::string_view key, const nn::Attr& attr) {
    std::visit(
        [&](const auto& v) {
          using T = std::decay_t<decltype(v)>;
          if constexpr (std::is_same_v<T, std::string>)
            put(key, std::string_view(v));
          else if constexpr (std::is_same_v<T, double>)
            put(key, v);
          else if constexpr (std::is_same_v<T, std::int64_t>)
            put(key, static_cast<std::uint64_t>(v));
          else
            for (auto e : v) put(key, static_cast<double>(e));
        },
        attr);
  }
  void put(std::string_view key, const std::vector<nn::LayerSpec>& layers) {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const std::string at = fmt::format("{}.{}", key, i);
      put(at + ".kind", std::string_view(layers[i].kind));
      put(at + ".name", std::string_view(layers[i].name));
      for (const auto& [name, attr] : layers[i].attrs.all()) put_attribute(at + "." + name, attr);
      put(at + ".layer", layers[i].inner);
    }
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

}  // namespace

std::string canonical_text(const Job& job) {
  Canonical c;
  c.put("tacit job", std::uint64_t{1});
  c.put("name", std::string_view(job.name));
  c.put("protocol", std::string_view(job.protocol));
  c.put("profile", std::string_view(job.profile));
  c.put("fraction_bits", std::uint64_t{job.fraction_bits});
  c.put("patience_ms", static_cast<std::uint64_t>(job.patience.count()));
  for (const auto& e : job.parties) {
    c.put("party", std::string_view(e.name));
    c.put("key", to_string(e.key));
  }
  for (const auto& e : job.owners) {
    c.put("owner", std::string_view(e.name));
    c.put("key", to_string(e.key));
  }
  c.put("schema", canonical_text(job.data.schema));
  c.put("partition", std::string_view(job.data.holding == Holding::AllColumns ? "rows" : "columns"));
  for (const auto& o : job.data.owners) c.put("data.owner", std::string_view(o));
  c.put("test_fraction", job.data.test_fraction);
  c.put("network", std::string_view(job.model.network));
  c.put("layer", job.model.layers);
  if (!job.model.file.empty()) c.put("model.digest", to_hex(sha256(read_bytes(job.model.file))));
  c.put("model.seed", job.model.seed);
  const auto& t = job.training;
  const auto& o = t.optimiser;
  c.put("epochs", std::uint64_t{t.epochs});
  c.put("batch", std::uint64_t{t.batch});
  c.put("seed", t.seed);
  c.put("checkpoint_every", std::uint64_t{job.checkpoint_every});
  c.put("loss", std::string_view(t.loss));
  c.put("overflow_guard", std::uint64_t{t.guard_every});
  c.put("optimiser", std::string_view(o.name));
  const std::pair<const char*, double> numbers[] = {{"rate", o.rate},
                                                    {"momentum", o.momentum},
                                                    {"beta1", o.beta1},
                                                    {"beta2", o.beta2},
                                                    {"epsilon", o.epsilon},
                                                    {"weight_decay", o.weight_decay},
                                                    {"clip", o.clip},
                                                    {"schedule_factor", o.schedule_factor},
                                                    {"schedule_epochs", o.schedule_epochs}};
  for (const auto& [key, value] : numbers) c.put(key, value);
  c.put("schedule", std::string_view(o.schedule));
  for (const auto& r : job.releases) {
    c.put("release", std::string_view(r.what));
    for (const auto& to : r.to) c.put("to", std::string_view(to));
    c.put("purpose", std::string_view(r.purpose));
    c.put("times", r.times);
  }
  return c.take();
}

Digest job_hash(const Job& job) { return sha256(bytes_of(canonical_text(job))); }

nn::Graph build_model(const Job& job) {
  const Shape example = feature_shape(job.data.schema);
  nn::Graph graph;
  if (!job.model.file.empty()) {
    graph = nn::import_onnx(job.model.file);
    require(graph.inputs.size() == 1 && graph.outputs.size() == 1,
            "the model '{}' has {} inputs and {} outputs: a job trains models of one each",
            job.model.file.filename().string(), graph.inputs.size(), graph.outputs.size());
    Shape batch = example;
    batch.insert(batch.begin(), 1);
    const Shape& wanted = graph.values[graph.inputs[0]].shape;
    require(wanted == batch, "the model '{}' takes examples of shape {}, and the data have {}",
            job.model.file.filename().string(), to_string(wanted), to_string(batch));
  } else if (!job.model.network.empty()) {
    graph = nn::build_graph(example, nn::network_named(job.model.network), target_width(job.data.schema),
                            job.model.seed);
  } else {
    graph = nn::build_graph(example, job.model.layers, target_width(job.data.schema), job.model.seed);
  }
  const Shape& out = graph.values[graph.outputs[0]].shape;
  const std::size_t width = target_width(job.data.schema);
  require(width == 0 || out == Shape{1, width},
          "the model gives {} numbers an example, and the label '{}' is encoded as {}",
          out.size() == 2 ? std::to_string(out[1]) : to_string(out),
          job.data.schema.label ? job.data.schema.label->name : "", width);
  return graph;
}

}  // namespace tacit
