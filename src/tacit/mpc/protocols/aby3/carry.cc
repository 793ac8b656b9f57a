#include "tacit/mpc/protocols/aby3/carry.h"

#include <algorithm>

namespace tacit::aby3 {

namespace {

constexpr unsigned kMaxRadix = 4;

/// products[s] = Π of plane i over the bits i of s, for s < 2^count; products[0] is not used.
class ProductTable {
 public:
  ProductTable(const RingKernels& k, std::size_t words, unsigned count, auto&& plane) {
    for (unsigned s = 1; s < 1u << count; ++s) {
      const unsigned lowest = static_cast<unsigned>(std::countr_zero(s)), rest = s & (s - 1);
      if (rest == 0) {
        at_[s] = plane(lowest);
      } else {
        Word* to = room_[s];
        k.bit_and(words, at_[rest], plane(lowest), to);
        at_[s] = to;
      }
    }
  }
  const Word* operator[](unsigned s) const { return at_[s]; }

 private:
  const Word* at_[1u << kMaxRadix] = {};
  alignas(64) Word room_[1u << kMaxRadix][kTileWords];
};

}  // namespace

CarryLayout::CarryLayout(CarryPlan p) : plan(std::move(p)) {
  unsigned next_product = 0, next_mask = 0, next_value = 0;
  for (const auto& level : plan.levels) {
    std::vector<Node> nodes;
    const unsigned first_mask = next_mask;
    for (const auto& n : level) {
      Node node{n, next_product, -1, -1, next_value};
      next_product += node_products(n);
      next_value += 2;
      if (n.opens_generate) node.generate = static_cast<int>(next_mask++);
      if (n.opens_propagate) node.propagate = static_cast<int>(next_mask++);
      nodes.push_back(node);
    }
    opened.push_back({first_mask, next_mask});
    levels.push_back(std::move(nodes));
  }
  dealt = next_product + 1;
  masks = next_mask + 1;
  values = next_value;
}

void deal_carry(const RingKernels& k, const CarryLayout& layout, std::size_t words, const Word* a,
                const Word* masks, Planes dealt) {
  auto add = [&](unsigned plane, const Word* x) {
    k.bit_xor(words, dealt + plane * words, x, dealt + plane * words);
  };
  alignas(64) Word both[kTileWords];
  auto add_product = [&](unsigned plane, const Word* x, const Word* y) {
    k.bit_and(words, x, y, both);
    add(plane, both);
  };
  for (std::size_t level = 0; level < layout.levels.size(); ++level)
    for (const auto& n : layout.levels[level]) {
      unsigned plane = n.products;
      const unsigned r = n.node.count;
      if (n.node.leaf) {
        const ProductTable bits(k, words, r, [&](unsigned i) { return a + (n.node.first + i) * words; });
        for (unsigned s = 1; s < 1u << r; ++s) add(plane++, bits[s]);
        continue;
      }
      if (r < 2) continue;
      const auto* children = &layout.levels[level - 1][n.node.first];
      auto mask = [&](int index) { return masks + static_cast<std::size_t>(index) * words; };
      // Bit i of a subset stands for p_{i+1}.
      const ProductTable p(k, words, r - 1, [&](unsigned i) { return mask(children[i + 1].propagate); });
      const unsigned all = 1u << (r - 1);
      for (unsigned s = 1; s < all; ++s)
        if ((s & (s - 1)) != 0) add(plane++, p[s]);
      for (unsigned c = 0; c + 1 < r; ++c)
        for (unsigned s = 1u << c; s < all; s += 1u << c)
          add_product(plane++, p[s], mask(children[c].generate));
      if (n.node.wants_propagate)
        for (unsigned s = 1; s < all; ++s) add_product(plane++, p[s], mask(children[0].propagate));
    }
  add(layout.dealt - 1, a + layout.plan.chain * words);
}

void CarryHolder::evaluate(std::size_t level) {
  for (const auto& n : layout_.levels[level]) {
    if (n.node.leaf)
      leaf(n);
    else
      inner(n, layout_.levels[level - 1]);
  }
}

void CarryHolder::leaf(const CarryLayout::Node& node) {
  const unsigned r = node.node.count, full = (1u << r) - 1;
  Word* g = values_ + node.value * n_;
  Word* p = g + n_;
  std::fill(g, g + n_, 0);
  std::fill(p, p + n_, 0);
  auto b = [&](unsigned i) { return b_ + (node.node.first + i) * n_; };
  const ProductTable products(k_, n_, r, b);
  alignas(64) Word t[kTileWords];
  for (unsigned s = 1; s <= full; ++s) {
    const Word* share = dealt_ + (node.products + s - 1) * n_;
    // P: [a_s] Π b over the other bits. G: [a_s] b_k Π b over the other bits above k, the lowest of s.
    const unsigned lowest = s & (0 - s), others = full & ~s;
    if (node.node.wants_propagate) {
      if (others == 0)
        k_.bit_xor(n_, p, share, p);
      else
        k_.xor_and(n_, share, products[others], p);
    }
    k_.bit_and(n_, share, products[lowest | (others & ~(lowest - 1))], t);
    k_.bit_xor(n_, g, t, g);
  }
  if (constants_ && node.node.wants_propagate) k_.bit_xor(n_, p, products[full], p);
}

void CarryHolder::inner(const CarryLayout::Node& node, const std::vector<CarryLayout::Node>& below) {
  const unsigned r = node.node.count;
  const auto* child = &below[node.node.first];
  Word* g = values_ + node.value * n_;
  Word* p = g + n_;
  const Word* top = values_ + child[r - 1].value * n_;
  std::copy_n(top, n_, g);
  if (r == 1) {
    std::copy_n(top + n_, n_, p);
    return;
  }
  std::fill(p, p + n_, 0);
  auto opened = [&](int i) { return opened_ + static_cast<std::size_t>(i) * n_; };
  auto mask = [&](int i) { return masks_ + static_cast<std::size_t>(i) * n_; };
  const unsigned all = 1u << (r - 1);
  const ProductTable m(k_, n_, r - 1, [&](unsigned i) { return opened(child[i + 1].propagate); });

  // Shares of the products of masks of a subset of the p, alone.
  const Word* alone[1u << kMaxRadix] = {};
  unsigned plane = node.products;
  for (unsigned s = 1; s < all; ++s)
    alone[s] = (s & (s - 1)) != 0 ? dealt_ + (plane++) * n_ : mask(child[std::countr_zero(s) + 1].propagate);

  // The product of the p of `prefix` and one tail x: Σ over subsets s of the prefix of
  // (Π m over the rest) · (m_x [λ_s] ^ [λ_s λ_x]).
  alignas(64) Word t[kTileWords];
  auto add_term = [&](unsigned prefix, unsigned step, int tail, Word* to) {
    const Word* mx = opened(tail);
    for (unsigned s = 0; s < all; s += step) {
      if ((s & ~prefix) != 0) continue;
      const Word* tail_share = s == 0 ? mask(tail) : dealt_ + (plane++) * n_;
      if (s == 0) {
        std::copy_n(tail_share, n_, t);
        if (constants_) k_.bit_xor(n_, t, mx, t);
      } else {
        k_.bit_and(n_, mx, alone[s], t);
        k_.bit_xor(n_, t, tail_share, t);
      }
      if (const unsigned rest = prefix & ~s; rest == 0)
        k_.bit_xor(n_, to, t, to);
      else
        k_.xor_and(n_, t, m[rest], to);
    }
  };
  for (unsigned c = 0; c + 1 < r; ++c) add_term((all - 1) & ~((1u << c) - 1), 1u << c, child[c].generate, g);
  if (node.node.wants_propagate) add_term(all - 1, 1, child[0].propagate, p);
}

void CarryHolder::masked(std::size_t level, Planes out) const {
  const std::size_t first = layout_.opened[level].begin;
  for (const auto& n : layout_.levels[level]) {
    const Word* value = values_ + n.value * n_;
    auto put = [&](int index, const Word* x) {
      if (index < 0) return;
      const auto i = static_cast<std::size_t>(index);
      k_.bit_xor(n_, x, masks_ + i * n_, out + (i - first) * n_);
    };
    put(n.generate, value);
    put(n.propagate, value + n_);
  }
}

void CarryHolder::top_bit(Planes out) const {
  const Word* carry = values_ + layout_.levels.back().front().value * n_;
  k_.bit_xor(n_, carry, dealt_ + (layout_.dealt - 1) * n_, out);
  if (constants_) k_.bit_xor(n_, out, b_ + layout_.plan.chain * n_, out);
}

}  // namespace tacit::aby3
