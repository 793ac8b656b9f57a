#include "tacit/job/doctor/needs.h"

#include <map>

#include "tacit/mpc/table.h"

namespace tacit::doctor {

namespace {

/// One batch of nothing: what is in it does not change what a step costs.
class NoExamples final : public nn::Examples {
 public:
  NoExamples(Shape features, Shape targets) : features_(std::move(features)), targets_(std::move(targets)) {}
  std::size_t rows() const override { return features_[0]; }
  Batch batch(fn::Ctx& ctx, std::span<const std::size_t>) override {
    return {fn::zeros(ctx, features_), fn::zeros(ctx, targets_)};
  }

 private:
  Shape features_, targets_;
};

}  // namespace

std::size_t remembered(const std::string& optimiser) {
  static const std::map<std::string, std::size_t> kNumbers{{"momentum", 1}, {"adam", 2}, {"amsgrad", 3}};
  const auto at = kNumbers.find(optimiser);
  return at == kNumbers.end() ? 0 : at->second;
}

std::uint64_t step_memory(const Job& job, const nn::Graph& graph, PartyId self) {
  const std::uint64_t number = protocol_named(job.protocol).component_sets[index(self)].size() * sizeof(Word);
  std::uint64_t results = 0;
  for (const nn::ValueInfo& value : graph.values)
    if (value.kind == nn::ValueInfo::Kind::Input || value.kind == nn::ValueInfo::Kind::Result)
      results += elements(value.shape);
  // Weights, gradients, what the optimiser remembers; and all results of the batch, for the way back.
  return graph.parameter_count() * number * (2 + remembered(job.training.optimiser.name)) +
         results * job.training.batch * number;
}

Needs needs_of(const Job& job, PartyId self) {
  const nn::Graph graph = build_model(job);
  const ProtocolInfo& protocol = protocol_named(job.protocol);
  const std::size_t parts = protocol.component_sets[index(self)].size();
  const std::uint64_t number = parts * sizeof(Word);  // of a share
  Needs n;
  n.parameters = graph.parameter_count();
  n.batch = job.training.batch;
  n.model_bytes = n.parameters * number;
  n.row_bytes = (feature_width(job.data.schema) + target_width(job.data.schema)) * sizeof(Word);
  n.memory = step_memory(job, graph, self);

  Workers workers(1);
  DryEngine engine(protocol.costs(profile_named(job.profile)), self,
                   Compute{ring_kernels(detect_isa()), workers});
  fn::Ctx ctx{engine, job.fraction_bits};
  nn::Parameters parameters = nn::initial_parameters(ctx, graph);
  Shape features = feature_shape(job.data.schema);
  features.insert(features.begin(), n.batch);
  NoExamples examples(features, {n.batch, target_width(job.data.schema)});
  nn::TrainSettings settings = job.training;
  settings.epochs = 1;
  nn::train(ctx, graph, parameters, examples, settings, {});
  n.step_bytes = engine.meter().total().payload;
  n.step_rounds = engine.meter().total().rounds;
  return n;
}

}  // namespace tacit::doctor
