// What an engine does for signs, selection and functions when its protocol has nothing better.
#include <cmath>

#include "tacit/base/error.h"
#include "tacit/mpc/generic/generic.h"
#include "tacit/mpc/polynomial.h"

namespace tacit {

Share Engine::msb(const Share& x, unsigned width) {
  const std::size_t top = width - 1;
  return pick_planes(to_bool(x, width), {&top, 1});
}

Share Engine::select(const Share& bit, const Share& x) {
  Share storage;
  return settle(bilinear(Bilinear::mul(), to_arith(bit, 0), settled(x, storage)));
}

Engine::Rectified Engine::relu(const Share& x, unsigned width) {
  Share storage;
  const Share& full = settled(x, storage);
  Share positive = bit_not(msb(full, width));
  Share value = select(positive, full);
  return {std::move(value), std::move(positive)};
}

Share Engine::piecewise(const Share& shared, const Piecewise& function, unsigned frac) {
  // Which piece: one comparison with each inner boundary, all at once.
  Share storage;
  const Share& x = settled(shared, storage);
  const std::size_t n = x.size(), pieces = (std::size_t{1} << function.pieces_log2) - 1;
  std::vector<Share> moved;
  std::vector<const Share*> list;
  for (std::size_t k = 1; k < pieces; ++k) {
    const std::vector<double> boundary(
        n, -(function.low + std::ldexp(static_cast<double>(k), function.step_log2)));
    moved.push_back(reshape(add_public(x, boundary), {n}));
  }
  for (const Share& s : moved) list.push_back(&s);
  std::vector<Share> beyond;
  if (pieces > 1) {
    const Share bits = to_arith(bit_not(msb(join(list), 64)), 0);
    beyond = split(bits, std::vector<Shape>(pieces - 1, Shape{n}));
  }
  // t = x - (the piece's beginning); coefficients chosen by the pieces passed; then Horner's rule. Digits
  // beyond the result's keep the rounding of the steps out of it.
  const unsigned guard = 6, digits = frac + guard;
  std::vector<std::vector<double>> polynomial(pieces);
  Share t = reshape(add_public(x, std::vector<double>(n, -function.low)), {n});
  for (std::size_t k = 0; k < pieces; ++k) {
    const double begin = function.low + std::ldexp(static_cast<double>(k), function.step_log2);
    polynomial[k] =
        fit_polynomial(function.f, begin, std::ldexp(1.0, function.step_log2), function.degree, begin);
    if (k > 0)
      t = sub(t,
              scale_each(beyond[k - 1], std::vector<double>(n, std::ldexp(1.0, function.step_log2)), t.frac));
  }
  auto coefficient = [&](unsigned j) {
    Share c = constant(RingTensor({n}, encode(std::vector<double>(n, polynomial[0][j]), digits)),
                       Domain::Arith, digits);
    for (std::size_t k = 1; k < pieces; ++k) {
      const std::vector<double> step(n, polynomial[k][j] - polynomial[k - 1][j]);
      c = add(c, scale_each(beyond[k - 1], step, digits));
    }
    return c;
  };
  Share y = coefficient(function.degree);
  for (unsigned j = function.degree; j-- > 0;)
    y = add(trunc(bilinear(Bilinear::mul(), y, t), t.frac), coefficient(j));
  return reshape(trunc(y, guard), x.shape);
}

}  // namespace tacit
