// Signs, comparisons and choices. Nothing here branches on a secret: both sides are always computed.
#pragma once

#include "tacit/fn/linear.h"

namespace tacit::fn {

Secret<Bit> is_negative(Ctx&, const Secret<Real>&);
Secret<Bit> less(Ctx&, const Secret<Real>&, const Secret<Real>&);
Secret<Bit> equal(Ctx&, const Secret<Real>&, const Secret<Real>&);
Secret<Bit> bit_not(Ctx&, const Secret<Bit>&);
Secret<Bit> bit_xor(Ctx&, const Secret<Bit>&, const Secret<Bit>&);
Secret<Bit> bit_and(Ctx&, const Secret<Bit>&, const Secret<Bit>&);
/// 0.0 and 1.0
Secret<Real> to_real(Ctx&, const Secret<Bit>&);

/// bit · x
Secret<Real> select(Ctx&, const Secret<Bit>&, const Secret<Real>& x);
/// bit ? yes : no
Secret<Real> select(Ctx&, const Secret<Bit>&, const Secret<Real>& yes, const Secret<Real>& no);

struct Rectified {
  Secret<Real> value;    ///< max(x, 0)
  Secret<Bit> positive;  ///< x >= 0
};
Rectified relu(Ctx&, const Secret<Real>&);
struct Clipped {
  Secret<Real> value;  ///< min(max(x, low), high)
  Secret<Bit> inside;  ///< low <= x < high
};
/// In the rounds of one comparison.
Clipped clipped(Ctx&, const Secret<Real>&, double low, double high);
Secret<Real> clip(Ctx&, const Secret<Real>&, double low, double high);

/// The largest along the last axis, which is dropped.
Secret<Real> max_last(Ctx&, const Secret<Real>&);
/// One-hot of the largest along the last axis, the first of equals. All pairs are compared at once: for some
/// tens of elements an axis.
Secret<Bit> argmax_last(Ctx&, const Secret<Real>&);
/// The place of the largest along the last axis, which is dropped; the first of equals. For axes of any
/// length.
Secret<Real> argmax_place(Ctx&, const Secret<Real>&);

/// The largest along the first axis, which is dropped, by a tournament of ⌈log2 count⌉ levels; of equals,
/// one.
struct Tournament {
  Secret<Real> value;
  std::vector<Secret<Bit>> first_won;    ///< a level: [pairs, ..], whether the pair's first one won
  std::vector<std::size_t> contestants;  ///< a level: how many met there
};
Tournament tournament(Ctx&, Secret<Real> contestants);
/// Spreads `value` over the contestants, [count, ..]: all of it to the winner, zero to the others.
Secret<Real> award(Ctx&, const Tournament&, const Secret<Real>& value);

}  // namespace tacit::fn
