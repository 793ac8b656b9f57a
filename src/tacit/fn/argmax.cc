// Where the largest is. Short axes compare all pairs at once; long ones hold a tournament in which
// contestants stand such that whoever meets comes from two runs of places, the earlier one first: so that of
// equals the first wins.
#include "tacit/fn/compare.h"

namespace tacit::fn {

namespace {

constexpr std::size_t kAllPairs = 16;

/// place[i] is who stands i-th in a tournament of n: the left of each pair takes the lower half of their
/// places.
void seat(const std::vector<std::size_t>& counts, std::size_t level, std::size_t position, std::size_t& next,
          std::vector<std::size_t>& place) {
  if (level == 0) {
    place[position] = next++;
    return;
  }
  const std::size_t count = counts[level - 1], pairs = count / 2;
  if (position == pairs) return seat(counts, level - 1, count - 1, next, place);  // the one that rested
  seat(counts, level - 1, position, next, place);
  seat(counts, level - 1, position + pairs, next, place);
}

std::vector<std::size_t> seats(std::size_t n) {
  std::vector<std::size_t> counts, place(n);
  for (std::size_t count = n; count > 1; count = (count + 1) / 2) counts.push_back(count);
  std::size_t next = 0;
  seat(counts, counts.size(), 0, next, place);
  return place;
}

/// Σ place·hot along an axis of length n, of which the elements lie `step` apart.
Secret<Real> place_of(Ctx& ctx, const Secret<Real>& hot, std::size_t axis,
                      const std::vector<std::size_t>& place) {
  const std::size_t n = place.size(), step = row_major_strides(hot.shape())[axis];
  std::vector<double> weights(hot.size());
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<double>(place[i / step % n]);
  return sum(ctx, scale_each(ctx, hot, weights), {&axis, 1});
}

}  // namespace

Secret<Real> argmax_place(Ctx& ctx, const Secret<Real>& x) {
  const std::size_t n = x.shape().back(), last = x.shape().size() - 1, rows = x.size() / n;
  const Shape kept(x.shape().begin(), x.shape().end() - 1);
  if (n == 1) return zeros(ctx, kept);
  if (n <= kAllPairs) {
    std::vector<std::size_t> in_order(n);
    for (std::size_t i = 0; i < n; ++i) in_order[i] = i;
    return place_of(ctx, to_real(ctx, argmax_last(ctx, x)), last, in_order);
  }
  const auto place = seats(n);
  std::vector<std::size_t> indices(x.size());
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t r = 0; r < rows; ++r) indices[i * rows + r] = r * n + place[i];
  const Tournament game = tournament(ctx, gather(ctx, x, indices, Shape{n, rows}));
  const Secret<Real> one = constant(ctx, {{rows}, std::vector<double>(rows, 1.0)});
  return reshape(ctx, place_of(ctx, award(ctx, game, one), 0, place), kept);
}

}  // namespace tacit::fn
