#include <bit>
#include <cmath>
#include <optional>

#include "tacit/base/error.h"
#include "tacit/he/bfv/bfv.h"

namespace tacit::he {

namespace {

BfvParameters checked(BfvParameters p) {
  p.check();
  return p;
}

}  // namespace

BfvContext::BfvContext(BfvParameters parameters, Isa isa)
    : parameters_(checked(std::move(parameters))),
      ring_(parameters_.degree, parameters_.primes, isa),
      id_(parameters_.id()) {
  const Word t = parameters_.plain;
  double bits = 0;
  Wide q_mod_plain = 1;
  for (std::size_t i = 0; i < ring_.limbs(); ++i) {
    const Modulus& q = ring_.modulus(i);
    bits += std::log2(static_cast<double>(q.value()));
    q_mod_plain = q_mod_plain * (q.value() % t) % t;
    plain_inverse_.push_back(q.inverse(t));
    Word rest = 1;
    for (std::size_t j = 0; j < ring_.limbs(); ++j)
      if (j != i) rest = q.mul(rest, q.reduce(ring_.modulus(j).value()));
    rest_inverse_.push_back(q.inverse(rest));
    plain_fraction_.push_back(static_cast<Word>((Wide{t} << 64) / q.value()));
  }
  q_mod_plain_ = static_cast<Word>(q_mod_plain);
  // unscale() errs by less than 2^-16 of a unit of the message.
  noise_limit_ = bits - std::log2(static_cast<double>(t)) + std::log2(0.5 - 0x1p-16);
}

// round(q·m/t) = (q·m + h - z)/t with h = floor(t/2) and z = (q·m + h) mod t; q is 0 modulo q_i, so what is
// left there is (h - z)/t.
void BfvContext::roundings(std::span<const Word> m, std::span<Word> to) const {
  ensure(m.size() <= to.size(), "room for a plaintext");
  const Word t = parameters_.plain, half = t / 2;
  if (std::has_single_bit(t)) {  // words wrap around at a multiple of t
    for (std::size_t k = 0; k < m.size(); ++k) to[k] = half - ((q_mod_plain_ * m[k] + half) & (t - 1));
    return;
  }
  const Modulus prime(t);
  for (std::size_t k = 0; k < m.size(); ++k) to[k] = half - prime.reduce(Wide{q_mod_plain_} * m[k] + half);
}

void BfvContext::add_scaled(std::span<const Word> roundings, std::size_t limb, std::span<Word> to,
                            std::span<Word> scratch) const {
  const Word q = ring_.modulus(limb).value();
  for (std::size_t k = 0; k < scratch.size(); ++k)
    scratch[k] = roundings[k] + (q & (0 - (roundings[k] >> 63)));
  ring_.limb(limb).scale(scratch, plain_inverse_[limb], scratch);
  ring_.limb(limb).add(to, scratch);
}

// With y_i = x_i/(q/q_i) mod q_i, the number is q·(Σ y_i/q_i) less a multiple of q, so t/q of it is
// Σ y_i·t/q_i less a multiple of t: in fixed point with 64 fractional bits.
void BfvContext::unscale(std::span<const Word> noisy, Workspace& workspace, std::span<Word> out) const {
  const std::size_t n = ring_.degree(), limbs = ring_.limbs();
  ensure(noisy.size() == n * limbs && out.size() == n, "polynomials of the ring");
  const Workspace::Scope scope(workspace);
  const auto y = workspace.take<Word>(n * limbs);
  for (std::size_t i = 0; i < limbs; ++i)
    ring_.limb(i).scale(noisy.subspan(i * n, n), rest_inverse_[i], y.subspan(i * n, n));
  auto whole = [&](std::size_t k) {
    Wide sum = Wide{1} << 63;
    for (std::size_t i = 0; i < limbs; ++i) sum += Wide{y[i * n + k]} * plain_fraction_[i];
    return sum >> 64;
  };
  const Word t = parameters_.plain;
  if (std::has_single_bit(t)) {
    for (std::size_t k = 0; k < n; ++k) out[k] = static_cast<Word>(whole(k)) & (t - 1);
    return;
  }
  const Modulus prime(t);
  for (std::size_t k = 0; k < n; ++k) out[k] = prime.reduce(static_cast<Word>(whole(k)));
}

}  // namespace tacit::he
