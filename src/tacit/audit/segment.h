// Layers of a model that are kept from whoever runs the rest, and what that one sees of them: the numbers
// that go in, and those that come out. Layers are counted from 1, and are the nodes of the graph that read
// weights, in the order in which they run; what follows a layer up to the next (its activation, say) is kept
// with it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tacit/nn/graph/graph.h"

namespace tacit::audit {

/// A node that reads weights. A single number (a scale, say) is no weight, but part of the architecture.
struct WeightedLayer {
  std::string name, op;
  std::size_t node = 0;              ///< of the graph's
  std::vector<nn::ValueId> weights;  ///< that it reads: parameters and state
  std::uint64_t numbers = 0;         ///< in them
  std::uint64_t multiply_adds = 0;   ///< for one example, up to the next layer; at least one a weight
};
std::vector<WeightedLayer> weighted_layers(const nn::Graph& graph);

/// Layers first to last, both among them.
struct Segment {
  std::size_t first = 1, last = 1;
  bool operator==(const Segment&) const = default;
};
/// "3-5", or "4" for one layer. UsageError for anything else, and for layers that are not there.
Segment parse_segment(std::string_view text, std::size_t layers);
/// The same text.
std::string to_string(const Segment& segment);

/// Nodes begin to end - 1, and the values that cross: those computed before (or given) that these nodes read,
/// and those computed here that others read, or that are results.
struct Cut {
  std::size_t begin = 0, end = 0;
  std::vector<nn::ValueId> in, out;
};
Cut cut_of(const nn::Graph& graph, std::span<const WeightedLayer> layers, const Segment& segment);

/// What comes out as a function of what goes in, by the kinds of operators: Other where they do not show it.
enum class Form {
  Affine,     ///< one query more than there are numbers that go in solves it
  Rectified,  ///< a Relu of that
  OneHidden,  ///< an affine function of that, and of what goes in
  Other,
};
Form form_of(const nn::Graph& graph, const Cut& cut);
/// "affine", "an affine layer and a Relu", "one hidden layer of Relus", "other"
std::string_view to_string(Form form);

/// The nodes begin to end - 1 by themselves, from the values `in` to the values `out`.
nn::Graph nodes_between(const nn::Graph& graph, const Cut& cut);

/// Weights of the segment that no layer outside of it reads.
std::vector<nn::ValueId> kept_weights(std::span<const WeightedLayer> layers, const Segment& segment);
/// The graph with others in the place of these: random ones as before a training, by which the architecture
/// is all that is known (He et al., 2015, section 2.2; biases 0, scales 1).
nn::Graph forgotten(nn::Graph graph, std::span<const nn::ValueId> weights, std::uint64_t seed);

}  // namespace tacit::audit
