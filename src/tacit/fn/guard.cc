#include "tacit/fn/guard.h"

#include <cmath>
#include <numeric>

#include "tacit/fn/access.h"

namespace tacit::fn {

Secret<Real> expect(Ctx& ctx, const Secret<Real>& x, double low, double high) {
  // Encoding rounds, and keeps the order: an encoded number lies between the encoded ends.
  auto element = [&](double value) {
    return static_cast<std::int64_t>(std::nearbyint(std::ldexp(value, static_cast<int>(ctx.frac))));
  };
  return Access::seal<Real>(ctx.mpc.expect(Access::look(x), {element(low), element(high)}));
}

KnownRange known_range(Ctx&, const Secret<Real>& x) {
  const Share& share = Access::look(x);
  const Bounds bounds = share.bounds == nullptr ? Bounds() : *share.bounds;
  const auto value = [&](std::int64_t element) {
    return std::ldexp(static_cast<double>(element), -static_cast<int>(share.frac));
  };
  return {value(bounds.low), value(bounds.high)};
}

std::optional<GuardVerdict> settle_checks(GuardEngine& engine, bool by_place) {
  auto verdict = engine.settle_checks(by_place);
  if (!verdict) return std::nullopt;
  const std::size_t first = 0;
  GuardVerdict out{Access::seal<Bit>(gather(verdict->bits, {&first, 1}, {1})), std::nullopt,
                   std::move(verdict->places), verdict->numbers};
  if (by_place) {
    std::vector<std::size_t> rest(out.places.size());
    std::iota(rest.begin(), rest.end(), std::size_t{1});
    out.each = Access::seal<Bit>(gather(verdict->bits, rest, {rest.size()}));
  }
  return out;
}

}  // namespace tacit::fn
