// A leaked network laid over the one that it was made from: neurons that were put in another order, scaled,
// turned over in sign or taken out are found again by their weights, which a fingerprint changes little.
// Layer after layer: the columns of one are put back as the rows of its producer were, then its rows are
// matched to those of the original by the cosine between them, and then factors of rows and columns are
// fitted. Nothing of the code is used, so that what is found depends on no customer's word.
#pragma once

#include "tacit/base/workers.h"
#include "tacit/trace/layers.h"

namespace tacit::trace {

/// The leaked weights where the original's lie, in the original's scale; not a number where there are none.
struct AlignedLayer {
  std::vector<double> weights;  ///< row after row; empty if no leaked layer answers to it
  std::size_t rows_found = 0;   ///< rows that were matched
  std::size_t rows_moved = 0;   ///< ... that stood elsewhere
};

struct Aligned {
  std::vector<AlignedLayer> layers;  ///< one for each of the original
  /// How alike all weights of the original and what was found are: the cosine between them, in units of their
  /// rows' scales and cut off at a few of these; weights that were not found count as 0. 1 for the same
  /// network, about 0 for any other.
  double likeness = 0;
};

/// Any networks may be given. Work is bounded: of layers with very many rows only those are matched that lie
/// where they were.
Aligned align(const std::vector<Layer>& original, const std::vector<Layer>& leaked, Workers& workers);

}  // namespace tacit::trace
