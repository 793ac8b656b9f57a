// A protected segment as a network for two-party inference: whether protecting it protects anything, and in
// which fixed point nothing of it can leave its range.
#pragma once

#include "tacit/split/seco/network.h"

namespace tacit {

struct SegmentNumbers {
  seco::Numbers numbers;
  std::int64_t low = 0, high = 0;  ///< of what goes in, in units of 2^-fraction
};

/// UsageError unless there are two layers of weights in it with something between them that is not linear.
/// With less, whoever has its inputs and outputs solves it: one more questions than there are inputs, where
/// it is affine; and as many on the side on which it is, where all that is not affine lies before or behind
/// its weights, and is known.
void require_hidden_layer(const seco::Network& network);

/// The largest magnitude of inputs, in units of 2^-fraction, for which no number of the model, all its sums
/// included, can come near the end of `bits` bits, whatever the inputs are within it; 0 if there is none. By
/// the weights' sums of magnitudes, row by row: the true range may be wider, never narrower.
std::int64_t widest_input(const seco::Model& model, unsigned bits);

struct InputRange {
  double low, high;
};
/// With a range for the segment's inputs, the fewest bits in which nothing can wrap; without one, the widest
/// range in few bits. UsageError where 48 bits do not hold it.
SegmentNumbers numbers_for(const nn::Graph& segment, unsigned fraction,
                           const std::optional<InputRange>& range);

/// The segment in these numbers. UsageError, naming the node, for what split inference does not have, and as
/// require_hidden_layer.
seco::Model segment_model(const nn::Graph& segment, const seco::Numbers& numbers);

}  // namespace tacit
