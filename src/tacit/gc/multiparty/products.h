// Shares of the product of the masks of each And gate's two inputs, from the correlated transfers of those
// masks: for each pair of parties two bits a gate, in one round.
#pragma once

#include "tacit/gc/multiparty/masks.h"

namespace tacit::gc {

/// Bits: one's share for all And gates and copies.
WipedWords multiply_masks(const Context& c, const Masks& masks);

}  // namespace tacit::gc
