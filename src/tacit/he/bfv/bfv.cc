#include "tacit/he/bfv/bfv.h"

#include <algorithm>
#include <cmath>

#include "tacit/base/error.h"

namespace tacit::he {

double log_sum(double a, double b) { return std::max(a, b) + std::log2(1 + std::exp2(-std::fabs(a - b))); }

void check_plaintext(const BfvContext& context, const Plaintext& m) {
  const Word t = context.parameters().plain;
  require(m.size() <= context.ring().degree(), "a plaintext of {} coefficients does not fit degree {}",
          m.size(), context.ring().degree());
  Word above = 0;  // one look at all, so that no place tells
  for (Word x : m) above |= static_cast<Word>(x >= t);
  require(above == 0, "a plaintext's coefficients must be below {}", t);
}

PlainFactor prepare(const BfvContext& context, const Plaintext& m) {
  check_plaintext(context, m);
  const Ring& ring = context.ring();
  const Word t = context.parameters().plain;
  PlainFactor out{Poly(ring.words(), 0), 0};
  Wide sum = 0;
  for (Word x : m) {
    const Word upper = 0 - static_cast<Word>(x > t / 2);
    sum += (x & ~upper) | ((t - x) & upper);
  }
  out.one_norm = std::log2(static_cast<double>(std::max(sum, Wide{1})));
  for (std::size_t i = 0; i < ring.limbs(); ++i) {
    const Word q = ring.modulus(i).value();
    const auto to = ring.part(out.values, i);
    for (std::size_t k = 0; k < m.size(); ++k)
      to[k] = m[k] + ((q - t) & (0 - static_cast<Word>(m[k] > t / 2)));
    ring.limb(i).forward(to);
  }
  return out;
}

void add(const BfvContext& context, Ciphertext& a, const Ciphertext& b) {
  context.ring().add(a.c0, b.c0);
  context.ring().add(a.c1, b.c1);
  a.noise =
      log_sum(log_sum(a.noise, b.noise), 0);  // and a unit, where round(x) + round(y) is not round(x + y)
}
void subtract(const BfvContext& context, Ciphertext& a, const Ciphertext& b) {
  context.ring().subtract(a.c0, b.c0);
  context.ring().subtract(a.c1, b.c1);
  a.noise = log_sum(log_sum(a.noise, b.noise), 0);
}
void add_plain(const BfvContext& context, Ciphertext& a, const Plaintext& m) {
  check_plaintext(context, m);
  const Ring& ring = context.ring();
  Workspace workspace;
  const Workspace::Scope scope(workspace);
  const auto roundings = workspace.take<Word>(ring.degree()), scratch = workspace.take<Word>(ring.degree()),
             scaled = workspace.take<Word>(ring.degree());
  context.roundings(m, roundings);
  for (std::size_t i = 0; i < ring.limbs(); ++i) {
    std::fill(scaled.begin(), scaled.end(), 0);
    context.add_scaled(roundings, i, scaled, scratch);
    ring.limb(i).forward(scaled);
    ring.limb(i).add(ring.part(a.c0, i), scaled);
  }
  a.noise = log_sum(a.noise, 0);
}
void multiply_plain(const BfvContext& context, Ciphertext& a, const PlainFactor& m) {
  context.ring().multiply(a.c0, m.values);
  context.ring().multiply(a.c1, m.values);
  a.noise = log_sum(a.noise, -1) + m.one_norm + 0.5;
}

}  // namespace tacit::he
