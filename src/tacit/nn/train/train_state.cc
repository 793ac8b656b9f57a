#include "tacit/nn/train/train_state.h"

#include "tacit/base/error.h"

namespace tacit::nn {

// step (u64) | parts of a secret (u64) | tensors of the optimiser (u64) | words of each part of each
// parameter, in order | words of each part of each of the optimiser's tensors. Shapes follow from the graph.
namespace {

void put(ByteWriter& to, std::uint64_t number) { to.write(std::as_bytes(std::span(&number, 1))); }
std::uint64_t number(ByteReader& from) {
  std::uint64_t out = 0;
  from.read(std::as_writable_bytes(std::span(&out, 1)));
  return out;
}

void put(Ctx& ctx, const Secret<Real>& secret, ByteWriter& to) {
  for (const RingTensor& part : fn::stored(ctx, secret))
    to.write(std::as_bytes(std::span(part.data(), part.size())));
}
Secret<Real> secret(Ctx& ctx, const Shape& shape, std::size_t parts, ByteReader& from) {
  std::vector<RingTensor> tensors;
  for (std::size_t p = 0; p < parts; ++p) {
    tensors.emplace_back(shape);
    from.read(std::as_writable_bytes(std::span(tensors.back().data(), tensors.back().size())));
  }
  return fn::restored(ctx, std::move(tensors), shape);
}

std::size_t parts_of(Ctx& ctx) { return ctx.mpc.component_sets()[index(ctx.mpc.self())].size(); }

}  // namespace

TrainState initial_state(Ctx& ctx, const Graph& graph, const TrainSettings& settings) {
  return {0, initial_parameters(ctx, graph), make_optimiser(settings.optimiser)};
}

void save(Ctx& ctx, const TrainState& state, ByteWriter& to) {
  const auto more = state.optimiser->state();
  put(to, state.step);
  put(to, parts_of(ctx));
  put(to, more.size());
  for (const auto& p : state.parameters) put(ctx, p, to);
  for (const auto* s : more) put(ctx, *s, to);
}

TrainState load_train_state(Ctx& ctx, const Graph& graph, const TrainSettings& settings, ByteReader& from) {
  TrainState out{number(from), {}, make_optimiser(settings.optimiser)};
  const std::size_t parts = parts_of(ctx);
  require(number(from) == parts, "its shares are those of another protocol");
  std::vector<Shape> trained;
  for (const ValueId id : graph.trained()) trained.push_back(graph.values[id].shape);
  const std::vector<Shape> more = out.step > 0 ? out.optimiser->state_shapes(trained) : std::vector<Shape>();
  require(number(from) == more.size(), "its state is that of another optimiser");
  for (const ValueId id : graph.parameters())
    out.parameters.push_back(secret(ctx, graph.values[id].shape, parts, from));
  std::vector<Secret<Real>> state;
  for (const Shape& shape : more) state.push_back(secret(ctx, shape, parts, from));
  if (out.step > 0) out.optimiser->restore(out.step, std::move(state));
  return out;
}

}  // namespace tacit::nn
