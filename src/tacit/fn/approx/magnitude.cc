// Functions of numbers of any magnitude. With x = c·4^(e+1), c in [1/4, 1), in units of the last place, the
// bits t_k = (x >= 4^k) for k = 1..K say all about e: they are a thermometer, so 4^(K-e), 2^(K-e), 2^(e+1)
// and e itself are linear in them. One batch of comparisons, one product to get c, one table look-up, one
// product to scale back.
#include <cmath>

#include "tacit/base/error.h"
#include "tacit/fn/access.h"
#include "tacit/fn/approx/approx.h"
#include "tacit/fn/approx/tables.h"

namespace tacit::fn {

namespace {

constexpr unsigned kMantissaFrac = 24;  ///< fractional bits of c
constexpr unsigned kTableFrac = 15;     ///< of a table's value, small enough for the product that follows

/// K: comparisons that tell the magnitudes of a session's numbers apart.
unsigned steps_of(const Ctx& ctx) { return (62 - ctx.frac) / 2 - 1; }

struct Normalised {
  unsigned frac;               ///< of x as it was taken apart: even
  unsigned steps;              ///< K
  std::vector<Share> reached;  ///< t_k, k = 1..K, as integers
  Share mantissa;              ///< c

  /// constant + Σ t_k weight(k), to be read with `point` fractional bits.
  template <class Weight>
  Share linear(Ctx& ctx, double constant, Weight weight, unsigned point) const {
    Share out = ctx.mpc.scale(reached[0], weight(1));
    for (unsigned k = 2; k <= steps; ++k) out = ctx.mpc.add(out, ctx.mpc.scale(reached[k - 1], weight(k)));
    out = ctx.mpc.add_public(out, std::vector<double>(out.size(), constant));
    return ctx.mpc.move_point(out, -static_cast<int>(point));
  }
};

/// Holds for 4^`least` <= x < 4^(K+1), in units of the last place.
Normalised normalise(Ctx& ctx, const Share& x0, unsigned least = 0) {
  Engine& mpc = ctx.mpc;
  Normalised n;
  n.steps = steps_of(ctx);
  const Bounds domain{least == 0 ? 0 : std::int64_t{1} << (2 * least),
                      (std::int64_t{1} << (2 * n.steps + 2)) - 1};
  const Share x = mpc.expect(x0.frac % 2 == 0 ? x0 : mpc.lift(x0, 1), domain);
  n.frac = x.frac;
  const double unit = std::ldexp(1.0, -static_cast<int>(x.frac));
  std::vector<Share> less;
  std::vector<const Share*> list;
  for (unsigned k = 1; k <= n.steps; ++k)
    less.push_back(
        mpc.add_public(x, std::vector<double>(x.size(), -std::ldexp(unit, static_cast<int>(2 * k)))));
  for (const Share& s : less) list.push_back(&s);
  const Share bits = mpc.bit_not(mpc.msb(join(list), 64 - ctx.frac + 1));
  n.reached = split(mpc.to_arith(bits, 0), std::vector<Shape>(n.steps, x.shape));
  // x as an integer times 4^(K-e), over 4^(K+1).
  const unsigned K = n.steps;
  const Share multiplier = n.linear(
      ctx, std::ldexp(1.0, static_cast<int>(2 * K)),
      [&](unsigned k) { return -(std::int64_t{3} << (2 * (K - k))); }, 2 * (K + 1));
  const Share integer = mpc.move_point(x, static_cast<int>(x.frac));
  // The multiplier is large only where x is small: x·4^(K-e) < 4^(K+1).
  const Share product = mpc.bilinear_within(Bilinear::mul(), integer, multiplier, {0, domain.high});
  n.mantissa = mpc.trunc(product, product.frac - kMantissaFrac);
  return n;
}

/// table(c) · factor, at the session's digits.
Secret<Real> scaled_back(Ctx& ctx, const Normalised& n, const Piecewise& table, const Share& factor) {
  const Share value = ctx.mpc.piecewise(n.mantissa, table, kTableFrac);
  return trunc(ctx, Access::seal<Wide>(ctx.mpc.bilinear(Bilinear::mul(), value, factor)));
}

Secret<Real> positive_reciprocal(Ctx& ctx, const Secret<Real>& x) {
  // 1/c <= 4 and the factor is 4^(K-e), so that for e >= K - kMost the product stays below 2^62.
  constexpr unsigned kMost = (61 - kTableFrac - 2) / 2;
  const unsigned K = steps_of(ctx);
  const Normalised n = normalise(ctx, Access::look(x), K > kMost ? K - kMost : 0);
  // 1/x = (1/c)·4^(K-e)·2^(frac - 2(K+1))
  const Share factor = n.linear(
      ctx, std::ldexp(1.0, static_cast<int>(2 * K)),
      [&](unsigned k) { return -(std::int64_t{3} << (2 * (K - k))); }, 2 * (K + 1) - n.frac);
  return scaled_back(ctx, n, kReciprocalMantissa, factor);
}

}  // namespace

Secret<Real> reciprocal(Ctx& ctx, const Secret<Real>& x) {
  const Rectified r = relu(ctx, x);
  const Secret<Real> magnitude = sub(ctx, scale(ctx, r.value, 2), x);
  const Secret<Real> inverse = positive_reciprocal(ctx, magnitude);
  return sub(ctx, scale(ctx, select(ctx, r.positive, inverse), 2), inverse);
}

Secret<Real> rsqrt(Ctx& ctx, const Secret<Real>& x) {
  const Normalised n = normalise(ctx, Access::look(x));
  const unsigned K = n.steps;
  // x^-1/2 = c^-1/2 · 2^(K-e) · 2^(frac/2 - (K+1))
  const Share factor = n.linear(
      ctx, std::ldexp(1.0, static_cast<int>(K)), [&](unsigned k) { return -(std::int64_t{1} << (K - k)); },
      K + 1 - n.frac / 2);
  return scaled_back(ctx, n, kRsqrtMantissa, factor);
}

Secret<Real> sqrt(Ctx& ctx, const Secret<Real>& x) {
  const Normalised n = normalise(ctx, Access::look(x));
  // x^1/2 = c^1/2 · 2^(e+1) · 2^(-frac/2)
  const Share factor = n.linear(
      ctx, 2.0, [](unsigned k) { return std::int64_t{1} << k; }, n.frac / 2);
  return scaled_back(ctx, n, kSqrtMantissa, factor);
}

Secret<Real> log(Ctx& ctx, const Secret<Real>& x) {
  const Normalised n = normalise(ctx, Access::look(x));
  // Digits beyond the session's, since ln 4 is multiplied by up to K.
  const unsigned guard = 6, digits = ctx.frac + guard;
  const Share fraction = ctx.mpc.piecewise(n.mantissa, kLogMantissa, digits);
  // ln x = ln c + (e+1) ln 4 - frac ln 2
  Share whole = n.reached[0];
  for (unsigned k = 2; k <= n.steps; ++k) whole = ctx.mpc.add(whole, n.reached[k - 1]);
  const double ln4 = std::log(4.0), offset = ln4 - n.frac * std::log(2.0);
  const std::size_t size = whole.size();
  whole = ctx.mpc.scale_each(whole, std::vector<double>(size, ln4), digits);
  return trunc(ctx, Access::seal<Wide>(
                        ctx.mpc.add_public(ctx.mpc.add(fraction, whole), std::vector<double>(size, offset))));
}

Secret<Real> divide(Ctx& ctx, const Secret<Real>& a, const Secret<Real>& b) {
  return trunc(ctx, mul(ctx, a, reciprocal(ctx, b)));
}

}  // namespace tacit::fn
