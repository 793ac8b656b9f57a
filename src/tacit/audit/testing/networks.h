// Small networks for tests of thieves, and what they answer. For tests only.
#pragma once

#include <vector>

#include "tacit/audit/learner.h"
#include "tacit/audit/steal.h"
#include "tacit/nn/layers/layer.h"
#include "tacit/trace/plain_model.h"

namespace tacit::audit::testing {

/// Of layers as words: a number is a dense layer of that many, 0 a Relu.
inline nn::Graph network(const Shape& example, const std::vector<std::int64_t>& layers,
                         std::uint64_t seed = 5) {
  std::vector<nn::LayerSpec> specs;
  for (const std::int64_t units : layers) {
    if (units == 0)
      specs.push_back({"relu", {}, {}, {}});
    else
      specs.push_back({"dense", {{"units", units}}, {}, {}});
  }
  nn::Graph out = nn::build_graph(example, specs, 1, seed);
  // Biases begin at 0, where they would show nothing.
  for (nn::ValueInfo& v : out.values)
    if (v.kind == nn::ValueInfo::Kind::Parameter && v.shape.size() == 1)
      for (std::size_t i = 0; i < v.initial.values.size(); ++i)
        v.initial.values[i] = 0.1 * static_cast<double>(i % 5) - 0.2;
  return out;
}

inline PublicTensor answers_of(const nn::Graph& graph, const PublicTensor& x) {
  return Learner(graph, 1).run(x);
}

/// So many questions of random numbers, and a few hundred others to measure on.
inline Asked asked(const nn::Graph& graph, std::vector<std::size_t> queries, std::size_t held_out = 200) {
  Learner model(graph, 1);
  Shape example = graph.values[graph.inputs[0]].shape;
  example.erase(example.begin());
  std::size_t most = 0;
  for (const std::size_t n : queries) most = std::max(most, n);
  return ask([&](const PublicTensor& x) { return model.run(x); }, trace::random_examples(example, most, 1),
             trace::random_examples(example, held_out, 2), std::move(queries));
}

}  // namespace tacit::audit::testing
