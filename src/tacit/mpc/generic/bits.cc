#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/mpc/generic/generic.h"

namespace tacit {

Share pick_planes(const Share& x, std::span<const std::size_t> planes) {
  ensure(x.domain == Domain::Bool, "planes are of bits");
  const std::size_t words = plane_words(x.size());
  Share out{Domain::Bool, x.form, 0, static_cast<unsigned>(planes.size()), x.shape, {}};
  for (const auto& part : x.parts) {
    RingTensor t(Shape{planes.size(), words});
    for (std::size_t i = 0; i < planes.size(); ++i) {
      Word* to = t.data() + i * words;
      if (planes[i] == kZero)
        std::fill(to, to + words, 0);
      else
        std::copy_n(part.data() + planes[i] * words, words, to);
    }
    out.parts.push_back(std::move(t));
  }
  return out;
}

namespace {

/// The steps of a Sklansky prefix network: at each level, position i takes over the run that ends at j.
struct PrefixLevel {
  std::vector<std::size_t> upper, lower;
};
std::vector<PrefixLevel> prefix_levels(unsigned bits) {
  std::vector<PrefixLevel> levels;
  for (unsigned step = 1; step < bits; step *= 2) {
    PrefixLevel level;
    for (unsigned i = 0; i < bits; ++i)
      if ((i & step) != 0) {
        level.upper.push_back(i);
        level.lower.push_back((i & ~(step - 1)) - 1);
      }
    levels.push_back(std::move(level));
  }
  return levels;
}

void put_planes(Share& x, std::span<const std::size_t> planes, const Share& from, std::size_t first) {
  const std::size_t words = plane_words(x.size());
  for (std::size_t p = 0; p < x.parts.size(); ++p)
    for (std::size_t i = 0; i < planes.size(); ++i)
      std::copy_n(from.parts[p].data() + (first + i) * words, words, x.parts[p].data() + planes[i] * words);
}

Share stack_planes(const Share& a, const Share& b) {
  Share out = a;
  out.bits = a.bits + b.bits;
  for (std::size_t p = 0; p < a.parts.size(); ++p) {
    const Words &upper = a.parts[p].words, &lower = b.parts[p].words;
    out.parts[p] = RingTensor(Shape{out.bits, plane_words(a.size())});
    std::copy(lower.begin(), lower.end(), std::copy(upper.begin(), upper.end(), out.parts[p].data()));
  }
  return out;
}

}  // namespace

Share add_bits(Engine& engine, const Share& a, const Share& b) {
  ensure(a.bits == b.bits && a.shape == b.shape, "numbers of one width");
  const unsigned bits = a.bits;
  const Share half = engine.bit_xor(a, b);
  if (bits == 1) return half;
  // (g, p) of runs of positions 0 .. bits-2: what is carried out of each is wanted.
  std::vector<std::size_t> low(bits - 1);
  for (std::size_t i = 0; i < low.size(); ++i) low[i] = i;
  Share p = pick_planes(half, low);
  Share g = engine.bilinear(Bilinear::bit_and(), pick_planes(a, low), pick_planes(b, low));
  for (const auto& level : prefix_levels(bits - 1)) {
    if (level.upper.empty()) continue;
    // g_i ^= p_i g_j and p_i = p_i p_j, in one round.
    const Share upper = pick_planes(p, level.upper);
    const Share both =
        engine.bilinear(Bilinear::bit_and(), stack_planes(upper, upper),
                        stack_planes(pick_planes(g, level.lower), pick_planes(p, level.lower)));
    std::vector<std::size_t> first(level.upper.size());
    for (std::size_t i = 0; i < first.size(); ++i) first[i] = i;
    put_planes(g, level.upper, engine.bit_xor(pick_planes(g, level.upper), pick_planes(both, first)), 0);
    put_planes(p, level.upper, both, level.upper.size());
  }
  std::vector<std::size_t> carries(bits);
  for (std::size_t i = 0; i < bits; ++i) carries[i] = i == 0 ? kZero : i - 1;
  return engine.bit_xor(half, pick_planes(g, carries));
}

OpCost cost_add_bits(std::size_t n, unsigned bits, const std::function<OpCost(std::size_t)>& cost_and) {
  OpCost cost;
  if (bits == 1) return cost;
  cost += cost_and((bits - 1) * plane_words(n));
  for (const auto& level : prefix_levels(bits - 1))
    if (!level.upper.empty()) cost += cost_and(2 * level.upper.size() * plane_words(n));
  return cost;
}

}  // namespace tacit
