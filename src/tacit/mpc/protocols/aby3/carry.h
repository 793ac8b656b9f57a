// The carry of a + b on packed bits (see carry_plan.h): what the dealer, who knows a, and the holders, who
// know b, do. Works in tiles of 64·kTileWords elements that stay in the cache; region offsets follow from the
// tile, so tiles are independent of one another.
#pragma once

#include "tacit/mpc/protocols/aby3/carry_plan.h"
#include "tacit/mpc/protocols/aby3/roles.h"

namespace tacit::aby3 {

constexpr std::size_t kTileWords = 32;

/// A plan with every plane numbered: where each node's products and opened bits lie.
struct CarryLayout {
  explicit CarryLayout(CarryPlan p);

  struct Node {
    CarryNode node;
    unsigned products;                  ///< first dealt plane
    int generate = -1, propagate = -1;  ///< opened planes, or -1
    unsigned value;                     ///< first of the node's two planes of unopened values
  };
  CarryPlan plan;
  std::vector<std::vector<Node>> levels;
  std::vector<Range> opened;  ///< opened planes of each level
  unsigned dealt;             ///< planes dealt, the top bit of a last
  unsigned masks;             ///< opened planes, the result's mask last
  unsigned values;            ///< planes of unopened node values
};

/// Planes of a tile: plane p of `words` words lies at p·words.
using Planes = Word*;

/// D. `a`: chain + 1 planes (the last is the top bit); `masks`: the λ of every opened bit, layout.masks
/// planes; XORs every dealt product into `dealt`, layout.dealt planes.
void deal_carry(const RingKernels&, const CarryLayout&, std::size_t words, const Word* a, const Word* masks,
                Planes dealt);

/// L and R, level by level. `adds_constants` is true at L alone.
class CarryHolder {
 public:
  CarryHolder(const RingKernels& kernels, const CarryLayout& layout, bool adds_constants, std::size_t words,
              const Word* b, const Word* dealt, const Word* masks, const Word* opened, Planes values)
      : k_(kernels),
        layout_(layout),
        constants_(adds_constants),
        n_(words),
        b_(b),
        dealt_(dealt),
        masks_(masks),
        opened_(opened),
        values_(values) {}

  /// Computes the values of a level, for which the level below has been opened.
  void evaluate(std::size_t level);
  /// What is sent to open a level: its masked shares.
  void masked(std::size_t level, Planes out) const;
  /// Once the root is known: this holder's share of bit chain of a + b.
  void top_bit(Planes out) const;

 private:
  void leaf(const CarryLayout::Node& node);
  void inner(const CarryLayout::Node& node, const std::vector<CarryLayout::Node>& children);

  const RingKernels& k_;
  const CarryLayout& layout_;
  bool constants_;
  std::size_t n_;
  const Word *b_, *dealt_, *masks_, *opened_;
  Planes values_;
};

}  // namespace tacit::aby3
