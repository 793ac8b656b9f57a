#include "tacit/fn/linear.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tacit/base/error.h"
#include "tacit/fn/access.h"

namespace tacit::fn {

namespace {

template <class E>
const Share& look(const Secret<E>& x) {
  return Access::look(x);
}

std::vector<double> repeated(std::span<const double> values, std::size_t n) {
  if (values.size() == 1) return std::vector<double>(n, values[0]);
  ensure(values.size() == n, "one number an element, or one for all");
  return {values.begin(), values.end()};
}

}  // namespace

Secret<Real> input(Ctx& ctx, PartyId owner, const PublicTensor* mine, const Shape& shape) {
  RingTensor encoded;
  if (mine != nullptr) encoded = RingTensor(mine->shape, ctx.mpc.encode(mine->values, ctx.frac));
  return Access::seal<Real>(ctx.mpc.input(owner, mine == nullptr ? nullptr : &encoded, shape, ctx.frac));
}

Secret<Real> adopt(Ctx& ctx, std::vector<RingTensor> components, const Shape& shape) {
  return Access::seal<Real>(ctx.mpc.adopt(std::move(components), shape, ctx.frac));
}

std::vector<RingTensor> stored(Ctx&, const Secret<Real>& x) {
  ensure(look(x).form == Form::Full, "only Full shares are stored");
  return look(x).parts;
}
Secret<Real> restored(Ctx& ctx, std::vector<RingTensor> parts, const Shape& shape) {
  Share share{Domain::Arith, Form::Full, ctx.frac, 0, shape, std::move(parts)};
  return Access::seal<Real>(ctx.mpc.expect(std::move(share), Bounds()));
}

Secret<Real> constant(Ctx& ctx, const PublicTensor& value) {
  return Access::seal<Real>(ctx.mpc.constant(RingTensor(value.shape, ctx.mpc.encode(value.values, ctx.frac)),
                                             Domain::Arith, ctx.frac));
}

Secret<Real> zeros(Ctx& ctx, const Shape& shape) {
  return Access::seal<Real>(ctx.mpc.constant(RingTensor::zeros(shape), Domain::Arith, ctx.frac));
}

template <class E>
Secret<E> add(Ctx& ctx, const Secret<E>& a, const Secret<E>& b) {
  // Unequal digits are brought to the finer, and a Full share to a Sum; only Wide can differ.
  const Share &x = look(a), &y = look(b);
  if (x.form != y.form)
    return add(ctx, Access::seal<E>(ctx.mpc.loosen(x)), Access::seal<E>(ctx.mpc.loosen(y)));
  if (x.frac < y.frac) return Access::seal<E>(ctx.mpc.add(ctx.mpc.lift(x, y.frac - x.frac), y));
  if (y.frac < x.frac) return Access::seal<E>(ctx.mpc.add(x, ctx.mpc.lift(y, x.frac - y.frac)));
  return Access::seal<E>(ctx.mpc.add(x, y));
}
template <class E>
Secret<E> sub(Ctx& ctx, const Secret<E>& a, const Secret<E>& b) {
  if (look(a).form == look(b).form && look(a).frac == look(b).frac)
    return Access::seal<E>(ctx.mpc.sub(look(a), look(b)));
  return add(ctx, a, negate(ctx, b));
}
template <class E>
Secret<E> negate(Ctx& ctx, const Secret<E>& x) {
  return Access::seal<E>(ctx.mpc.negate(look(x)));
}
template <class E>
Secret<E> scale(Ctx& ctx, const Secret<E>& x, std::int64_t factor) {
  return Access::seal<E>(ctx.mpc.scale(look(x), factor));
}
template <class E>
Secret<E> add_public(Ctx& ctx, const Secret<E>& x, std::span<const double> values) {
  return Access::seal<E>(ctx.mpc.add_public(look(x), repeated(values, x.size())));
}
Secret<Wide> mul_public(Ctx& ctx, const Secret<Real>& x, std::span<const double> values) {
  return Access::seal<Wide>(ctx.mpc.scale_each(look(x), values, ctx.frac));
}
Secret<Wide> mul_public(Ctx& ctx, const Secret<Real>& x, double value) {
  return mul_public(ctx, x, {&value, 1});
}
Secret<Wide> lift(Ctx& ctx, const Secret<Real>& x) {
  return Access::seal<Wide>(ctx.mpc.lift(look(x), ctx.frac));
}
Secret<Wide> shift_down(Ctx& ctx, const Secret<Real>& x, unsigned k) {
  return Access::seal<Wide>(ctx.mpc.move_point(look(x), -static_cast<int>(k)));
}
Secret<Wide> shift_down(Ctx& ctx, const Secret<Wide>& x, unsigned k) {
  return Access::seal<Wide>(ctx.mpc.move_point(look(x), -static_cast<int>(k)));
}

Secret<Wide> bilinear(Ctx& ctx, const Bilinear& map, const Secret<Real>& a, const Secret<Real>& b) {
  return Access::seal<Wide>(ctx.mpc.bilinear(map, look(a), look(b)));
}
Secret<Wide> mul(Ctx& ctx, const Secret<Real>& a, const Secret<Real>& b) {
  return bilinear(ctx, Bilinear::mul(), a, b);
}
Secret<Wide> matmul(Ctx& ctx, const Secret<Real>& a, const Secret<Real>& b, bool transpose_a,
                    bool transpose_b) {
  return bilinear(ctx, Bilinear::matmul(transpose_a, transpose_b), a, b);
}

Secret<Real> trunc(Ctx& ctx, const Secret<Wide>& x) {
  const Share& share = look(x);
  if (share.frac == ctx.frac) return Access::seal<Real>(ctx.mpc.settle(share));
  return Access::seal<Real>(ctx.mpc.trunc(share, share.frac - ctx.frac));
}

std::vector<Secret<Real>> trunc(Ctx& ctx, std::span<const Secret<Wide>* const> xs) {
  // Brought to one form and to the finest point, so that they can be joined.
  std::vector<Share> alike;
  std::vector<const Share*> list;
  std::vector<Shape> shapes;
  unsigned frac = ctx.frac;
  bool sums = false;
  for (const auto* x : xs) {
    frac = std::max(frac, look(*x).frac);
    sums = sums || look(*x).form == Form::Sum;
    shapes.push_back(x->shape());
  }
  for (const auto* x : xs) {
    const Share& share = look(*x);
    alike.push_back(sums ? ctx.mpc.loosen(share) : share);
    if (share.frac < frac) alike.back() = ctx.mpc.lift(alike.back(), frac - share.frac);
  }
  for (const Share& s : alike) list.push_back(&s);
  std::vector<Secret<Real>> out;
  if (list.empty()) return out;
  const Secret<Real> all = trunc(ctx, Access::seal<Wide>(tacit::join(list)));
  for (Share& s : tacit::split(look(all), shapes)) out.push_back(Access::seal<Real>(std::move(s)));
  return out;
}

template <class E>
Secret<Wide> times(Ctx& ctx, const Secret<E>& x, double factor, unsigned digits) {
  // factor = c · 2^-k with c of `digits` digits.
  int exponent = 0;
  std::frexp(factor, &exponent);
  const int k = static_cast<int>(digits) - exponent;
  const auto c = static_cast<std::int64_t>(std::llround(std::ldexp(factor, k)));
  if (k < 0) return Access::seal<Wide>(ctx.mpc.scale(look(x), c << -k));
  return Access::seal<Wide>(ctx.mpc.move_point(ctx.mpc.scale(look(x), c), -k));
}
template Secret<Wide> times(Ctx&, const Secret<Real>&, double, unsigned);
template Secret<Wide> times(Ctx&, const Secret<Wide>&, double, unsigned);

Secret<Real> scaled(Ctx& ctx, const Secret<Real>& x, std::span<const double> factors) {
  double largest = 0;
  for (double factor : factors) largest = std::max(largest, std::fabs(factor));
  int exponent = 0;
  std::frexp(largest, &exponent);
  // |x| < 2^(62-2f): with so many digits the product stays below 2^62.
  const int f = static_cast<int>(ctx.frac);
  const auto digits = static_cast<unsigned>(std::clamp(f - exponent, f, 45));
  return trunc(ctx, Access::seal<Wide>(ctx.mpc.scale_each(look(x), factors, digits)));
}
Secret<Real> scaled(Ctx& ctx, const Secret<Real>& x, double factor) { return scaled(ctx, x, {&factor, 1}); }

Secret<Real> scale_each(Ctx& ctx, const Secret<Real>& x, std::span<const double> integers) {
  return Access::seal<Real>(ctx.mpc.scale_each(look(x), integers, 0));
}

template <class E>
Secret<E> reshape(Ctx&, const Secret<E>& x, Shape shape) {
  require(elements(shape) == x.size(), "{} elements do not fill the shape {}", x.size(), to_string(shape));
  return Access::seal<E>(tacit::reshape(look(x), std::move(shape)));
}

template <class E>
Secret<E> gather(Ctx&, const Secret<E>& x, std::span<const std::size_t> indices, Shape shape) {
  return Access::seal<E>(tacit::gather(look(x), indices, std::move(shape)));
}

template <class E>
Secret<E> strided(Ctx&, const Secret<E>& x, std::size_t offset, std::span<const std::size_t> strides,
                  Shape shape) {
  return Access::seal<E>(tacit::strided(look(x), offset, strides, std::move(shape)));
}

template <class E>
Secret<E> placed(Ctx&, Secret<E> to, std::size_t offset, std::span<const std::size_t> strides,
                 const Secret<E>& x) {
  Share share = Access::take(std::move(to));
  tacit::place(share, offset, strides, look(x));
  return Access::seal<E>(std::move(share));
}

template <class E>
Secret<E> broadcast_to(Ctx& ctx, const Secret<E>& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  return strided(ctx, x, 0, broadcast_strides(x.shape(), shape), shape);
}

template <class E>
Secret<E> transpose(Ctx& ctx, const Secret<E>& x, std::span<const std::size_t> axes) {
  require(axes.size() == x.shape().size(), "a transposition of {} names {} axes", to_string(x.shape()),
          axes.size());
  const auto strides = row_major_strides(x.shape());
  Shape shape;
  std::vector<std::size_t> moved;
  for (std::size_t axis : axes) {
    require(axis < strides.size(), "a tensor of shape {} has no axis {}", to_string(x.shape()), axis);
    shape.push_back(x.shape()[axis]);
    moved.push_back(strides[axis]);
  }
  return strided(ctx, x, 0, moved, shape);
}

template <class E>
Secret<E> sum(Ctx& ctx, const Secret<E>& x, std::span<const std::size_t> axes) {
  // The summed axes go last, so that what is summed lies in runs.
  std::vector<std::size_t> order;
  Shape kept;
  std::size_t length = 1;
  for (std::size_t i = 0; i < x.shape().size(); ++i)
    if (std::find(axes.begin(), axes.end(), i) == axes.end()) {
      order.push_back(i);
      kept.push_back(x.shape()[i]);
    }
  const bool last_already =
      std::all_of(axes.begin(), axes.end(), [&](std::size_t a) { return a >= order.size(); });
  for (std::size_t axis : axes) {
    order.push_back(axis);
    length *= x.shape()[axis];
  }
  if (last_already) return Access::seal<E>(ctx.mpc.sum_runs(look(x), length, kept));
  const Secret<E> moved = transpose(ctx, x, order);
  return Access::seal<E>(ctx.mpc.sum_runs(look(moved), length, kept));
}

template <class E>
Secret<E> sum_to(Ctx& ctx, const Secret<E>& x, const Shape& to) {
  if (x.shape() == to) return x;
  std::vector<std::size_t> axes;
  const std::size_t lead = x.shape().size() - to.size();
  for (std::size_t i = 0; i < x.shape().size(); ++i)
    if (i < lead || (to[i - lead] == 1 && x.shape()[i] != 1)) axes.push_back(i);
  return reshape(ctx, sum(ctx, x, axes), to);
}

template <class E>
Secret<E> join(Ctx&, std::span<const Secret<E>* const> xs) {
  std::vector<const Share*> shares;
  for (const auto* x : xs) shares.push_back(&look(*x));
  return Access::seal<E>(tacit::join(shares));
}

template <class E>
std::vector<Secret<E>> split(Ctx&, const Secret<E>& x, std::span<const Shape> shapes) {
  std::vector<Secret<E>> out;
  for (Share& s : tacit::split(look(x), shapes)) out.push_back(Access::seal<E>(std::move(s)));
  return out;
}

#define TACIT_NUMBERS(E)                                                                                   \
  template Secret<E> add(Ctx&, const Secret<E>&, const Secret<E>&);                                        \
  template Secret<E> sub(Ctx&, const Secret<E>&, const Secret<E>&);                                        \
  template Secret<E> negate(Ctx&, const Secret<E>&);                                                       \
  template Secret<E> scale(Ctx&, const Secret<E>&, std::int64_t);                                          \
  template Secret<E> placed(Ctx&, Secret<E>, std::size_t, std::span<const std::size_t>, const Secret<E>&); \
  template Secret<E> add_public(Ctx&, const Secret<E>&, std::span<const double>);                          \
  template Secret<E> sum(Ctx&, const Secret<E>&, std::span<const std::size_t>);                            \
  template Secret<E> sum_to(Ctx&, const Secret<E>&, const Shape&);
#define TACIT_SHAPES(E)                                                                                 \
  template Secret<E> reshape(Ctx&, const Secret<E>&, Shape);                                            \
  template Secret<E> gather(Ctx&, const Secret<E>&, std::span<const std::size_t>, Shape);               \
  template Secret<E> strided(Ctx&, const Secret<E>&, std::size_t, std::span<const std::size_t>, Shape); \
  template Secret<E> broadcast_to(Ctx&, const Secret<E>&, const Shape&);                                \
  template Secret<E> transpose(Ctx&, const Secret<E>&, std::span<const std::size_t>);                   \
  template Secret<E> join(Ctx&, std::span<const Secret<E>* const>);                                     \
  template std::vector<Secret<E>> split(Ctx&, const Secret<E>&, std::span<const Shape>);
TACIT_NUMBERS(Real)
TACIT_NUMBERS(Wide)
TACIT_SHAPES(Real)
TACIT_SHAPES(Wide)
TACIT_SHAPES(Bit)
#undef TACIT_NUMBERS
#undef TACIT_SHAPES

}  // namespace tacit::fn
