#include "tacit/fn/compare.h"

#include "tacit/base/error.h"
#include "tacit/fn/access.h"

namespace tacit::fn {

Secret<Bit> is_negative(Ctx& ctx, const Secret<Real>& x) {
  return Access::seal<Bit>(ctx.mpc.msb(Access::look(x), ctx.compare_width()));
}

Secret<Bit> less(Ctx& ctx, const Secret<Real>& a, const Secret<Real>& b) {
  return is_negative(ctx, sub(ctx, a, b));
}

Secret<Bit> equal(Ctx& ctx, const Secret<Real>& a, const Secret<Real>& b) {
  // Neither a < b nor b < a, both asked at once.
  const Secret<Real> there = sub(ctx, a, b), back = negate(ctx, there);
  const Secret<Real>* both[] = {&there, &back};
  const Shape shapes[] = {a.shape(), a.shape()};
  const auto not_less = split<Bit>(ctx, bit_not(ctx, is_negative(ctx, join<Real>(ctx, both))), shapes);
  return bit_and(ctx, not_less[0], not_less[1]);
}

Secret<Bit> bit_not(Ctx& ctx, const Secret<Bit>& x) {
  return Access::seal<Bit>(ctx.mpc.bit_not(Access::look(x)));
}

Secret<Bit> bit_xor(Ctx& ctx, const Secret<Bit>& a, const Secret<Bit>& b) {
  return Access::seal<Bit>(ctx.mpc.bit_xor(Access::look(a), Access::look(b)));
}

Secret<Bit> bit_and(Ctx& ctx, const Secret<Bit>& a, const Secret<Bit>& b) {
  return Access::seal<Bit>(ctx.mpc.bilinear(Bilinear::bit_and(), Access::look(a), Access::look(b)));
}

Secret<Real> to_real(Ctx& ctx, const Secret<Bit>& x) {
  return Access::seal<Real>(ctx.mpc.to_arith(Access::look(x), ctx.frac));
}

Secret<Real> select(Ctx& ctx, const Secret<Bit>& bit, const Secret<Real>& x) {
  return Access::seal<Real>(ctx.mpc.select(Access::look(bit), Access::look(x)));
}

Secret<Real> select(Ctx& ctx, const Secret<Bit>& bit, const Secret<Real>& yes, const Secret<Real>& no) {
  return add(ctx, no, select(ctx, bit, sub(ctx, yes, no)));
}

Rectified relu(Ctx& ctx, const Secret<Real>& x) {
  auto r = ctx.mpc.relu(Access::look(x), ctx.compare_width());
  return {Access::seal<Real>(std::move(r.value)), Access::seal<Bit>(std::move(r.positive))};
}

Clipped clipped(Ctx& ctx, const Secret<Real>& x, double low, double high) {
  require(low < high, "a clip from {} to {} leaves nothing", low, high);
  // low + max(x - low, 0) - max(x - high, 0): both sides at once.
  const double minus_low = -low, minus_high = -high;
  const Secret<Real> above = add_public(ctx, x, {&minus_low, 1}),
                     beyond = add_public(ctx, x, {&minus_high, 1});
  const Secret<Real>* both[] = {&above, &beyond};
  const Shape shapes[] = {x.shape(), x.shape()};
  const Rectified r = relu(ctx, join<Real>(ctx, both));
  const auto halves = split<Real>(ctx, r.value, shapes);
  const auto reached = split<Bit>(ctx, r.positive, shapes);
  return {add_public(ctx, sub(ctx, halves[0], halves[1]), {&low, 1}), bit_xor(ctx, reached[0], reached[1])};
}

Secret<Real> clip(Ctx& ctx, const Secret<Real>& x, double low, double high) {
  return clipped(ctx, x, low, high).value;
}

namespace {

/// Column j of [.., n] tensors as [rows], for each j.
template <class E>
std::vector<Secret<E>> columns(Ctx& ctx, const Secret<E>& x) {
  const std::size_t n = x.shape().back(), rows = n == 0 ? 0 : x.size() / n;
  std::vector<Secret<E>> out;
  for (std::size_t j = 0; j < n; ++j) out.push_back(strided(ctx, x, j, {&n, 1}, Shape{rows}));
  return out;
}

template <class E>
Secret<E> join_all(Ctx& ctx, const std::vector<Secret<E>>& xs) {
  std::vector<const Secret<E>*> list;
  for (const auto& x : xs) list.push_back(&x);
  return join<E>(ctx, list);
}

constexpr std::size_t kAllPairs = 16;  // up to so many contestants, comparing all pairs is the shorter way

}  // namespace

Secret<Bit> argmax_last(Ctx& ctx, const Secret<Real>& x) {
  const std::size_t n = x.shape().back(), rows = x.size() / n;
  const auto column = columns(ctx, x);
  if (n == 1) return bit_not(ctx, is_negative(ctx, sub(ctx, x, x)));
  std::vector<Secret<Real>> differences;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = i + 1; j < n; ++j) differences.push_back(sub(ctx, column[i], column[j]));
  const std::vector<Shape> shapes(differences.size(), Shape{rows});
  const auto later_wins = split<Bit>(ctx, is_negative(ctx, join_all(ctx, differences)), shapes);
  // Of each element, whether it beats each other one; then the conjunction, pair by pair.
  std::vector<std::vector<Secret<Bit>>> beats(n);
  for (std::size_t i = 0, pair = 0; i < n; ++i)
    for (std::size_t j = i + 1; j < n; ++j, ++pair) {
      beats[i].push_back(bit_not(ctx, later_wins[pair]));
      beats[j].push_back(later_wins[pair]);
    }
  while (beats[0].size() > 1) {
    std::vector<Secret<Bit>> left, right;
    for (const auto& b : beats)
      for (std::size_t k = 0; k + 1 < b.size(); k += 2) left.push_back(b[k]), right.push_back(b[k + 1]);
    const auto both = split<Bit>(ctx, bit_and(ctx, join_all(ctx, left), join_all(ctx, right)),
                                 std::vector<Shape>(left.size(), Shape{rows}));
    std::size_t next = 0;
    for (auto& b : beats) {
      std::vector<Secret<Bit>> fewer;
      for (std::size_t k = 0; k + 1 < b.size(); k += 2) fewer.push_back(both[next++]);
      if (b.size() % 2 == 1) fewer.push_back(b.back());
      b = std::move(fewer);
    }
  }
  std::vector<Secret<Bit>> winners;
  for (auto& b : beats) winners.push_back(b[0]);
  // From [n][rows] to [rows][n].
  const std::size_t strides[] = {1, rows};
  return reshape(ctx, strided(ctx, join_all(ctx, winners), 0, strides, Shape{rows, n}), x.shape());
}

Secret<Real> max_last(Ctx& ctx, const Secret<Real>& x) {
  Shape kept(x.shape().begin(), x.shape().end() - 1);
  const std::size_t last = kept.size();
  if (x.shape().back() > kAllPairs) {
    std::vector<std::size_t> axes{last};
    for (std::size_t i = 0; i < last; ++i) axes.push_back(i);
    return tournament(ctx, transpose(ctx, x, axes)).value;
  }
  return sum(ctx, select(ctx, argmax_last(ctx, x), x), {&last, 1});
}

namespace {

/// Rows [begin, end) of the first axis.
template <class E>
Secret<E> rows(Ctx& ctx, const Secret<E>& x, std::size_t begin, std::size_t end) {
  Shape shape = x.shape();
  const auto strides = row_major_strides(shape);
  shape[0] = end - begin;
  return strided(ctx, x, begin * strides[0], strides, shape);
}

/// Tensors joined along the first axis.
Secret<Real> stack(Ctx& ctx, const Secret<Real>& a, const Secret<Real>& b) {
  const Secret<Real>* both[] = {&a, &b};
  Shape shape = a.shape();
  shape[0] += b.shape()[0];
  return reshape(ctx, join<Real>(ctx, both), shape);
}

}  // namespace

// In each level the first half meets the second, so that both lie in one piece; an odd one at the end rests.
Tournament tournament(Ctx& ctx, Secret<Real> now) {
  ensure(!now.shape().empty() && now.shape()[0] > 0, "a tournament needs contestants");
  std::vector<Secret<Bit>> won;
  std::vector<std::size_t> met;
  while (now.shape()[0] > 1) {
    const std::size_t count = now.shape()[0], pairs = count / 2;
    const Secret<Real> second = rows(ctx, now, pairs, 2 * pairs);
    Rectified r = relu(ctx, sub(ctx, rows(ctx, now, 0, pairs), second));
    Secret<Real> winners = add(ctx, second, r.value);
    now = count % 2 == 0 ? std::move(winners) : stack(ctx, winners, rows(ctx, now, count - 1, count));
    met.push_back(count);
    won.push_back(std::move(r.positive));
  }
  Shape shape(now.shape().begin() + 1, now.shape().end());
  return {reshape(ctx, now, std::move(shape)), std::move(won), std::move(met)};
}

Secret<Real> award(Ctx& ctx, const Tournament& t, const Secret<Real>& value) {
  Shape shape = value.shape();
  shape.insert(shape.begin(), 1);
  Secret<Real> prizes = reshape(ctx, value, shape);
  for (std::size_t level = t.contestants.size(); level-- > 0;) {
    const std::size_t count = t.contestants[level], pairs = count / 2;
    const Secret<Real> for_pairs = count % 2 == 0 ? prizes : rows(ctx, prizes, 0, pairs);
    const Secret<Real> first = select(ctx, t.first_won[level], for_pairs);
    Secret<Real> spread = stack(ctx, first, sub(ctx, for_pairs, first));
    prizes = count % 2 == 0 ? std::move(spread) : stack(ctx, spread, rows(ctx, prizes, pairs, pairs + 1));
  }
  return prizes;
}

}  // namespace tacit::fn
