// The text of a model of level 2: an outline, which is the network without a number of its own, and then the
// numbers, tensor after tensor, in the order in which nodes take them. Whoever runs it reads a node's numbers
// from the sealed file when the node's turn comes, and has none of the others in the clear. The vendor cuts
// large layers into several, so that no node takes more than a bounded tile. docs/sealed-format.md has every
// byte.
#pragma once

#include "tacit/nn/graph/graph.h"

namespace tacit::sealed {

/// Numbers of the model that are in the clear at a time, at most: those of one node.
constexpr std::size_t kTileNumbers = std::size_t{1} << 19;
/// Numbers of one tensor after the vendor has cut it, so that a bias has room beside it.
constexpr std::size_t kUsualCut = kTileNumbers / 2;
/// Bytes before an outline, and of the longest outline.
constexpr std::size_t kTilesPrelude = 24;
constexpr std::size_t kLongestOutline = std::size_t{1} << 24;

/// The same network in nodes none of which takes more than kTileNumbers numbers of the model: matrix products
/// and convolutions are cut along their outputs, wherever a tensor has more than `most` numbers. UsageError,
/// naming the node, for one that cannot be cut; and for a network of several inputs or outputs.
nn::Graph in_tiles(const nn::Graph& graph, std::size_t most = kUsualCut);
/// Whether a value is the model's own: a parameter, state or a constant.
bool has_numbers(const nn::ValueInfo& value);
/// UsageError, naming the node, unless no node takes more, and there is one input and one output.
void check_tiles(const nn::Graph& graph);

/// The text of such a network. Its numbers take 4 bytes where all of a tensor fit, else 8.
Bytes tiled_text(const nn::Graph& graph);

/// Where the numbers of a value lie in the text.
struct NumbersPlace {
  std::uint64_t at = 0;
  unsigned width = 0;  ///< bytes of a number: 4 or 8; 0 for values that have none there
};
struct Outline {
  nn::Graph graph;                   ///< its parameters and constants have shapes, and no numbers
  std::vector<NumbersPlace> places;  ///< a value
};
/// Bytes of the outline that follows a prelude. UsageError if it is none, or of a version that is not known
/// here.
std::size_t outline_size(ByteView prelude);
/// UsageError for everything that is not as it must be; `text_size`: of the whole text, prelude included.
Outline parse_outline(ByteView outline, std::uint64_t text_size);

}  // namespace tacit::sealed
