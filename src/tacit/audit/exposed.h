// Thieves who have all layers of a model but some, as on a device that runs part of a model itself. They know
// the architecture, begin with random numbers where layers are kept from them, and learn from answers: the
// attack on partitioned models of Zhang et al., No privacy left outside: on the (in-)security of TEE-shielded
// DNN partition for on-device ML, IEEE S&P 2024. Who runs the other layers also sees what goes into those
// that are kept and what comes out, and can feed them what it likes: layers of a simple form are solved.
#pragma once

#include <optional>

#include "tacit/audit/imitation.h"
#include "tacit/audit/learner.h"
#include "tacit/audit/segment.h"

namespace tacit::audit {

/// How a thief learns.
enum class Way {
  Scores,     ///< the kept layers alone are trained, on the model's scores
  AllLayers,  ///< all layers are trained on them, from those that it has
  Results,    ///< the kept layers are trained on their own results, for what goes into them
};
/// "scores", "all layers", "results"
std::string_view to_string(Way way);

/// Those that differ, the one first that gets most as a rule. Of all layers: one, which is the thief that
/// knows the architecture alone.
std::vector<Way> ways_for(const nn::Graph& model, std::span<const WeightedLayer> layers, const Segment& kept);

/// The model as that thief has it, of `model` whose layers `kept` it never sees. UsageError where an operator
/// that stands in the way has no gradient.
nn::Graph steal_layers(const nn::Graph& model, std::span<const WeightedLayer> layers, const Segment& kept,
                       Way way, const Answers& known, const LearnSettings& settings, unsigned threads);

/// What becomes of kept layers of a simple form.
struct Solved {
  Form form = Form::Affine;
  std::uint64_t queries = 0;
  double residual = 0;  ///< by random questions: differences, by the results' own deviation
  nn::Graph model;      ///< with what was found in their place
};
/// Asks the layers themselves, at points of its own (algebra.h). Nothing where their form is Other, where
/// several values go in or come out, where there would be very many unknowns or more questions than that, or
/// where what was found is not the layers'.
std::optional<Solved> solve_layers(const nn::Graph& model, const Cut& cut, std::uint64_t most_queries,
                                   unsigned threads);

}  // namespace tacit::audit
