#include "tacit/nn/train/trainer.h"

#include <algorithm>
#include <numeric>

#include "tacit/base/error.h"
#include "tacit/crypto/kdf.h"
#include "tacit/crypto/prg.h"

namespace tacit::nn {

std::vector<std::size_t> shuffled_rows(std::size_t rows, std::uint64_t seed, std::size_t epoch) {
  // The portable generator, so that every machine shuffles alike.
  const SecretBytes key = derive_key(std::as_bytes(std::span(&seed, 1)), "shuffle", Prg::kKeySize);
  const Prg prg(key.bytes(), Isa::Portable);
  std::vector<std::size_t> order(rows);
  std::iota(order.begin(), order.end(), std::size_t{0});
  // Random words are made block by block: there may be very many rows.
  constexpr std::size_t kBlock = 4096;
  std::vector<Word> random(std::min(rows, kBlock));
  std::size_t first = rows;
  for (std::size_t i = rows; i > 1; --i) {
    if (i - 1 < first) {
      first = (i - 1) / kBlock * kBlock;
      prg.fill(epoch, first, std::span(random).first(i - first));
    }
    std::swap(order[i - 1], order[random[i - 1 - first] % i]);
  }
  return order;
}

namespace {

/// The optimiser's step on those parameters that have gradients; state stays out of it.
void step_trained(Ctx& ctx, const Graph& graph, Optimiser& optimiser, Parameters& parameters,
                  std::vector<Grad> gradients, std::size_t batch, double rate) {
  const auto all = graph.parameters();
  std::vector<std::size_t> places;
  Parameters trained;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (graph.values[all[i]].kind == ValueInfo::Kind::Parameter) {
      places.push_back(i);
      trained.push_back(std::move(parameters[i]));
    }
  optimiser.step(ctx, trained, std::move(gradients), batch, rate);
  for (std::size_t i = 0; i < places.size(); ++i) parameters[places[i]] = std::move(trained[i]);
}

}  // namespace

void train(Ctx& ctx, const Graph& graph, Parameters& parameters, Examples& examples,
           const TrainSettings& settings, const TrainHooks& hooks) {
  TrainState state{0, std::move(parameters), make_optimiser(settings.optimiser)};
  train(ctx, graph, state, examples, settings, hooks);
  parameters = std::move(state.parameters);
}

void take_step(Ctx& ctx, const Graph& graph, TrainState& state, Examples& examples,
               std::span<const std::size_t> rows, const TrainSettings& settings, const TrainHooks& hooks) {
  const Loss& loss = loss_named(settings.loss);
  const std::size_t per_epoch = (examples.rows() + settings.batch - 1) / settings.batch, step = state.step;
  if (hooks.before_step) hooks.before_step(step);
  const auto batch = examples.batch(ctx, rows);
  const bool wants_loss = hooks.wants_loss && hooks.wants_loss(step);
  std::optional<LossResult> result;
  std::vector<Grad> gradients;
  {
    Tape tape;
    tape.draw = (settings.seed << 32) + step;
    {
      const Meter::Scope scope(ctx.mpc.meter(), "forward");
      const Secret<Real> inputs[] = {batch.features};
      const auto outputs = forward(ctx, graph, state.parameters, inputs, &tape);
      const Meter::Scope loss_scope(ctx.mpc.meter(), "loss");
      result = loss.evaluate(ctx, outputs[0], batch.targets, wants_loss);
    }
    if (hooks.after_forward) hooks.after_forward({step, batch, tape, result->gradient});
    const Meter::Scope scope(ctx.mpc.meter(), "backward");
    gradients = backward(ctx, graph, tape, {&result->gradient, 1});
    update_state(ctx, graph, tape, state.parameters);
  }
  {
    const Meter::Scope scope(ctx.mpc.meter(), "update");
    const double progress = static_cast<double>(step) / static_cast<double>(per_epoch);
    step_trained(ctx, graph, *state.optimiser, state.parameters, std::move(gradients), rows.size(),
                 rate_at(settings.optimiser, progress, static_cast<double>(settings.epochs)));
  }
  ++state.step;
  if (hooks.after_step)
    hooks.after_step({step / per_epoch, step, per_epoch * settings.epochs, rows.size(),
                      wants_loss ? &*result->total : nullptr});
}

void train(Ctx& ctx, const Graph& graph, TrainState& state, Examples& examples, const TrainSettings& settings,
           const TrainHooks& hooks) {
  require(settings.batch > 0 && settings.epochs > 0,
          "training needs at least one epoch and one example a batch");
  require(examples.rows() > 0, "there are no examples to train on");
  const std::size_t per_epoch = (examples.rows() + settings.batch - 1) / settings.batch;
  for (std::size_t epoch = state.step / per_epoch; epoch < settings.epochs; ++epoch) {
    const auto order = shuffled_rows(examples.rows(), settings.seed, epoch);
    const std::size_t done = state.step % per_epoch;  // of this epoch's steps
    for (std::size_t begin = done * settings.batch; begin < order.size(); begin += settings.batch) {
      if (hooks.goes_on && !hooks.goes_on(state.step)) return;
      take_step(ctx, graph, state, examples,
                std::span(order).subspan(begin, std::min(settings.batch, order.size() - begin)), settings,
                hooks);
    }
  }
}

Secret<Real> count_correct(Ctx& ctx, const Secret<Real>& outputs, const Secret<Real>& targets) {
  require(outputs.shape() == targets.shape() && outputs.shape().size() == 2,
          "scores {} do not fit targets {}", to_string(outputs.shape()), to_string(targets.shape()));
  std::optional<Secret<Real>> hits;
  if (outputs.shape()[1] == 1) {
    // Right when the score's sign says what the target does: 1 - t - s + 2ts with s = [score >= 0].
    const Secret<Bit> yes = fn::bit_not(ctx, fn::is_negative(ctx, outputs));
    const Secret<Real> both = fn::select(ctx, yes, targets);
    const double one = 1;
    hits = fn::add_public(
        ctx, fn::sub(ctx, fn::sub(ctx, fn::scale(ctx, both, 2), targets), fn::to_real(ctx, yes)), {&one, 1});
  } else {
    hits = fn::select(ctx, fn::argmax_last(ctx, outputs), targets);
  }
  const std::size_t axes[] = {0, 1};
  return fn::sum(ctx, *hits, axes);
}

}  // namespace tacit::nn
