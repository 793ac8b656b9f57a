// Running a graph forwards and backwards. The costs of each node are booked under its name in the engine's
// meter.
#pragma once

#include "tacit/nn/graph/graph.h"

namespace tacit::nn {

/// Parameters as secrets, in the order of Graph::parameters().
using Parameters = std::vector<Secret<Real>>;
/// The graph's initial numbers, as secrets that are not secret yet.
Parameters initial_parameters(Ctx&, const Graph&);

/// What a forward run leaves for the backward run: the sign of training. Results are what they would be in
/// inference, but for operators that say otherwise (BatchNormalization, Dropout).
struct Tape {
  std::uint64_t draw = 0;  ///< to be set to another number at each step: what public randomness is drawn from
  std::vector<std::optional<Value>> values;
  std::vector<std::any> saved;  ///< a node
};

/// The graph's outputs for one batch. With a tape, everything that gradients need is kept there.
std::vector<Secret<Real>> forward(Ctx&, const Graph&, const Parameters&, std::span<const Secret<Real>> inputs,
                                  Tape* tape = nullptr);

/// Gradients of the trained parameters, in the order of Graph::trained(), given those of the outputs.
std::vector<Grad> backward(Ctx&, const Graph&, const Tape&, std::span<const Secret<Real>> output_gradients);

/// Replaces state among the parameters by what it is after the forward run on the tape.
void update_state(Ctx&, const Graph&, const Tape&, Parameters&);

}  // namespace tacit::nn
