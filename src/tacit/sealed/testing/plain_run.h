// For tests only: a small network with layers to protect, and what it answers in the clear.
#pragma once

#include "tacit/mpc/protocols/plain/engine.h"
#include "tacit/nn/graph/execute.h"
#include "tacit/secret/gate.h"
#include "tacit/split/seco/testing/models.h"

namespace tacit::testing {

/// In double precision.
inline PublicTensor plain_run(const nn::Graph& graph, const PublicTensor& x) {
  Workers workers(1);
  plain::DoubleEngine engine(Compute{ring_kernels(detect_isa()), workers});
  fn::Ctx ctx{engine, 24};
  const Secret<Real> input[] = {fn::constant(ctx, x)};
  RevealPolicy policy({{"answer", {"device"}, "there is nobody else", 1}}, {"device"});
  Ledger ledger;
  const auto out = nn::forward(ctx, graph, nn::initial_parameters(ctx, graph), input);
  return *Gate::reveal(engine, ledger, out[0], policy.permit("answer")).opened;
}

/// Seven nodes: Gemm, Relu | Gemm, Relu, Gemm | Relu, Gemm, of which the three in the middle make a segment.
inline nn::Graph layered_graph() {
  SplitModelBuilder b({1, 6});
  b.dense(8), b.relu(), b.dense(7), b.relu(), b.dense(5), b.relu(), b.dense(4);
  return b.done("layers").graph;
}

}  // namespace tacit::testing
