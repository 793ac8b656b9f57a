#include "tacit/mpc/protocols/aby3/carry_plan.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit::aby3 {

// A node with children (g_i, p_i), i = 0 lowest, has
//   G = g_{r-1} ^ Σ_{k<r-1} p_{r-1}···p_{k+1} g_k        P = p_{r-1}···p_0
// A product of opened values m_i = x_i ^ λ_i needs shares of all products of two and more of the λ that
// occur: every subset of the p with index 1.. alone (two or more), and with one tail, g_k (a subset of the p
// above k) or p_0 (any subset, if P is wanted). A leaf is the same with x_i = a_i ^ b_i, λ_i = a_i, and tails
// a_k.
unsigned node_products(const CarryNode& node) {
  const unsigned r = node.count;
  if (node.leaf) return (1u << r) - 1;  // every product of one or more bits of a
  if (r < 2) return 0;
  unsigned products = (1u << (r - 1)) - 1 - (r - 1);                         // the p with index 1.. alone
  for (unsigned k = 0; k + 1 < r; ++k) products += (1u << (r - 1 - k)) - 1;  // with g_k
  if (node.wants_propagate) products += (1u << (r - 1)) - 1;                 // with p_0
  return products;
}

unsigned CarryPlan::dealt_planes() const {
  unsigned planes = 0;
  for (const auto& level : levels)
    for (const auto& node : level) planes += node_products(node);
  return planes;
}

unsigned CarryPlan::opened_planes(std::size_t level) const {
  unsigned planes = 0;
  for (const auto& node : levels[level]) planes += node.opens_generate + node.opens_propagate;
  return planes;
}

unsigned CarryPlan::opened_planes() const {
  unsigned planes = 0;
  for (std::size_t l = 0; l < levels.size(); ++l) planes += opened_planes(l);
  return planes;
}

unsigned CarryPlan::rounds() const {
  unsigned rounds = 1;
  for (std::size_t l = 0; l < levels.size(); ++l) rounds += opened_planes(l) > 0;
  return rounds;
}

namespace {

/// Cuts n things into runs of at most `most`, as even as can be.
std::vector<unsigned> even_runs(unsigned n, unsigned most) {
  const unsigned runs = (n + most - 1) / most;
  std::vector<unsigned> out;
  for (unsigned i = 0; i < runs; ++i) out.push_back(n * (i + 1) / runs - n * i / runs);
  return out;
}

std::vector<CarryNode> cut(unsigned n, unsigned most, bool leaf) {
  std::vector<CarryNode> level;
  unsigned first = 0;
  for (unsigned count : even_runs(n, most)) {
    CarryNode node;
    node.leaf = leaf;
    node.first = first;
    node.count = count;
    node.wants_propagate = first != 0;
    level.push_back(node);
    first += count;
  }
  return level;
}

CarryPlan build(unsigned chain, unsigned leaf_bits, const std::vector<unsigned>& radices) {
  CarryPlan plan;
  plan.chain = chain;
  plan.levels.push_back(cut(chain, leaf_bits, true));
  for (std::size_t i = 0; plan.levels.back().size() > 1; ++i) {
    auto above = cut(static_cast<unsigned>(plan.levels.back().size()),
                     radices[std::min(i, radices.size() - 1)], false);
    for (const auto& node : above)
      for (unsigned c = 0; c < node.count && node.count > 1; ++c) {
        auto& child = plan.levels.back()[node.first + c];
        child.opens_generate = c + 1 < node.count;
        child.opens_propagate = c > 0 || node.wants_propagate;
      }
    plan.levels.push_back(std::move(above));
  }
  return plan;
}

double seconds(const CarryPlan& plan, std::size_t n, const Profile& profile) {
  const double bits = plan.dealt_planes() + 2.0 * plan.opened_planes();
  return plan.rounds() * profile.round_seconds + bits / 8 * static_cast<double>(n) * profile.seconds_per_byte;
}

}  // namespace

CarryPlan plan_carry(unsigned chain, std::size_t n, const Profile& profile) {
  ensure(chain >= 1 && chain <= 63, "a carry chain of 1 to 63 bits");
  CarryPlan best;
  double best_seconds = 0;
  for (unsigned leaf = 1; leaf <= 4; ++leaf)
    for (unsigned first = 2; first <= 4; ++first)
      for (unsigned rest = 2; rest <= 4; ++rest) {
        CarryPlan plan = build(chain, leaf, {first, rest});
        const double s = seconds(plan, n, profile);
        if (best.levels.empty() || s < best_seconds) {
          best = std::move(plan);
          best_seconds = s;
        }
      }
  return best;
}

}  // namespace tacit::aby3
