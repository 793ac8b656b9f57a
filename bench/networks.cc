#include "networks.h"

#include "tacit/mpc/table.h"
#include "tacit/nn/layers/layer.h"
#include "tacit/secret/gate.h"

namespace tacit::bench {

nn::Graph network(std::string_view name) {
  const bool flat = name == "A";
  return nn::build_graph(flat ? Shape{784} : Shape{1, 28, 28}, nn::network_named(name), 10, 1);
}

SharedImages::SharedImages(fn::Ctx& ctx, const nn::Graph& graph, std::size_t batch, std::size_t batches)
    : batch_(batch), batches_(batches) {
  Shape shape = graph.values[graph.inputs[0]].shape;
  shape[0] = batch;
  const std::size_t classes = graph.values[graph.outputs[0]].shape.back();
  // Two batches in turn: what they hold does not change what a step costs.
  for (std::size_t b = 0; b < 2; ++b) {
    PublicTensor x{shape, std::vector<double>(elements(shape))},
        y{{batch, classes}, std::vector<double>(batch * classes)};
    for (std::size_t i = 0; i < x.values.size(); ++i)
      x.values[i] = static_cast<double>((i * 2654435761u + b) % 256) / 255;
    for (std::size_t r = 0; r < batch; ++r) y.values[r * classes + (r + b) % classes] = 1;
    const bool mine = index(ctx.mpc.self()) == 0;
    Secret<Real> features = fn::input(ctx, party_id(0), mine ? &x : nullptr, shape);
    kept_.push_back({std::move(features), fn::input(ctx, party_id(0), mine ? &y : nullptr, y.shape)});
  }
}

nn::Examples::Batch SharedImages::batch(fn::Ctx&, std::span<const std::size_t>) {
  return kept_[next_++ % kept_.size()];
}

StepCost declared_step(const nn::Graph& graph, std::string_view profile, std::size_t batch) {
  StepCost out;
  Workers workers(1);
  const ProtocolInfo& protocol = protocol_named("aby3");
  for (std::size_t p = 0; p < protocol.parties; ++p) {
    DryEngine engine(protocol.costs(profile_named(profile)), party_id(p),
                     Compute{ring_kernels(detect_isa()), workers});
    fn::Ctx ctx{engine, 16};
    nn::Parameters parameters = nn::initial_parameters(ctx, graph);
    SharedImages images(ctx, graph, batch, 1);
    const Cost before = engine.meter().total();
    nn::TrainSettings settings;
    settings.epochs = 1;
    settings.batch = batch;
    nn::train(ctx, graph, parameters, images, settings, {});
    out.payload_all += engine.meter().total().payload - before.payload;
    out.rounds = engine.meter().total().rounds - before.rounds;
  }
  return out;
}

DeclaredImages::DeclaredImages(fn::Ctx& ctx, const nn::Graph& graph, std::size_t batch, std::size_t batches)
    : images_(ctx, graph, batch, batches) {}

nn::Examples::Batch DeclaredImages::batch(fn::Ctx& ctx, std::span<const std::size_t> rows) {
  const Batch kept = images_.batch(ctx, rows);
  auto anew = [&](const Secret<Real>& x) {
    return fn::expect(ctx, fn::restored(ctx, fn::stored(ctx, x), x.shape()), 0, 1);
  };
  return {anew(kept.features), anew(kept.targets)};
}

nn::TrainHooks guarding(GuardEngine& guard, std::size_t guard_every) {
  nn::TrainHooks hooks;
  hooks.before_step = [&guard, guard_every](std::size_t step) {
    guard.watch(guard_every != 0 && step % guard_every == 0);
  };
  hooks.after_step = [&guard](const nn::StepInfo&) {
    if (guard.watching()) {
      const Meter::Scope scope(guard.meter(), "guard");
      const auto verdict = fn::settle_checks(guard, false);
      if (verdict) {
        RevealPolicy policy({{"overflow", {"a", "b", "c"}, "a benchmark", 1}}, {"a", "b", "c"});
        Ledger ledger;
        Gate::reveal(guard, ledger, verdict->any, policy.permit("overflow"));
      }
    }
    guard.watch(false);
  };
  return hooks;
}

std::vector<StepCost> declared_steps(const nn::Graph& graph, std::string_view profile, std::size_t batch,
                                     std::size_t steps, std::size_t guard_every) {
  std::vector<StepCost> out(steps);
  Workers workers(1);
  const ProtocolInfo& protocol = protocol_named("aby3");
  for (std::size_t p = 0; p < protocol.parties; ++p) {
    DryEngine engine(protocol.costs(profile_named(profile)), party_id(p),
                     Compute{ring_kernels(detect_isa()), workers});
    GuardEngine guard(engine);
    fn::Ctx ctx{guard, 16};
    nn::Parameters parameters = nn::initial_parameters(ctx, graph);
    DeclaredImages images(ctx, graph, batch, steps);
    nn::TrainSettings settings;
    settings.epochs = 1;
    settings.batch = batch;
    nn::TrainHooks hooks = guarding(guard, guard_every);
    Cost before = engine.meter().total();
    hooks.after_step = [&, check = hooks.after_step](const nn::StepInfo& info) {
      check(info);
      const Cost now = engine.meter().total();
      out[info.step].payload_all += now.payload - before.payload;
      out[info.step].rounds = now.rounds - before.rounds;
      before = now;
    };
    nn::train(ctx, graph, parameters, images, settings, hooks);
  }
  return out;
}

}  // namespace tacit::bench
