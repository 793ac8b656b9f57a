// Activations as circuits garbled by all servers but the first, which evaluates (docs/protocols/bmr.md): two
// rounds a stage, of 16 bytes from each garbler for each bit of the opened sum, since the masks' bits are
// known when the circuits are garbled. Prepared are garbled circuits, of which the evaluator keeps 48 bytes
// for each garbler, And gate and copy.
//
// The gateway evaluates: it holds no weights, or those of a few layers, so that the work of a query is
// spread; what is long travels to it and what is short from it; and what must be stored stands at the
// provider.
#pragma once

#include "tacit/gc/multiparty/bmr.h"
#include "tacit/split/seco/activations.h"

namespace tacit::seco {

constexpr PartyId kEvaluator = party_id(0);

std::unique_ptr<Activations> garbled_activations(const Network& network, std::size_t parties);

/// Who brings what into a stage's circuit, with few And gates, and learns what comes out: all of them.
gc::JointCircuit joint_activation(const Network& network, std::size_t stage);
/// Copies of each of the instances in which a stage is garbled, so that memory follows the garbled circuits
/// that are kept and little else.
std::vector<std::size_t> instance_copies(const gc::JointCircuit& circuit, std::size_t copies);

}  // namespace tacit::seco
