// How a comparison is cut up: the carry of a + b, where one party knows a and the other two know b, as a
// tree. Leaves are chunks of up to four bits, for which the knower of a deals shares of all products of its
// bits; inner nodes join two to four children. Chosen once a comparison for the fewest seconds under a
// profile. Pure data.
#pragma once

#include <cstdint>
#include <vector>

#include "tacit/mpc/cost.h"

namespace tacit::aby3 {

/// (generate, propagate) of a run of bit positions.
struct CarryNode {
  bool leaf = false;
  unsigned first = 0, count = 0;  ///< leaf: bit positions; else: children among the level below
  bool wants_propagate = false;   ///< not on the lowest spine
  /// What the level above needs masked and opened of this node; the rest stays an unopened share.
  bool opens_generate = false, opens_propagate = false;
};

struct CarryPlan {
  unsigned chain = 0;                          ///< bits whose carry is wanted
  std::vector<std::vector<CarryNode>> levels;  ///< levels[0] are the leaves; the last has one node, the root

  /// Bit planes dealt by the knower of a: products of its bits, then products of masks.
  unsigned dealt_planes() const;
  /// Bit planes opened between the other two, at a level and in all.
  unsigned opened_planes(std::size_t level) const;
  unsigned opened_planes() const;
  /// Rounds: one to deal, one for each level with something to open.
  unsigned rounds() const;
};

/// Products dealt for a node: subsets of its factors' masks (see carry_plan.cc).
unsigned node_products(const CarryNode& node);

/// The plan for `chain` bits of n elements that is cheapest under the profile.
CarryPlan plan_carry(unsigned chain, std::size_t n, const Profile& profile);

}  // namespace tacit::aby3
