#include "tacit/he/threshold/budget.h"

#include <cmath>

#include "tacit/base/error.h"
#include "tacit/he/bfv/rerandomise.h"

namespace tacit::he {

namespace {

struct Plan {
  NoiseBudget budget;
  bool fits;
};

double log2_of(std::size_t x) { return std::log2(static_cast<double>(x)); }

Plan plan(std::size_t degree, double limit, std::size_t parties, double one_norm) {
  NoiseBudget b{};
  const double n = log2_of(degree);
  auto hiding = [&](double noise) { return std::ceil(noise + n + 40 - 1); };
  b.limit = limit;
  b.fresh = std::log2(kErrorBound * (2 * std::exp2(n) * static_cast<double>(parties) + 1) + 0.5);
  b.product = log_sum(b.fresh, -1) + one_norm + 0.5;  // as multiply_plain
  b.hidden = log_sum(log_sum(b.product, log_sum(b.fresh, hiding(b.product))), 0);
  b.sum = log_sum(b.hidden + log2_of(parties), log2_of(parties));
  const double flood = hiding(b.sum);
  b.smudged = log_sum(b.sum, log_sum(b.fresh, flood) + log2_of(parties));
  return {b, flood <= kMostFloodBits && b.smudged < limit};
}

double largest_norm(std::size_t degree, double plain_bits) { return log2_of(degree) + plain_bits - 1; }

}  // namespace

NoiseBudget plan_noise(const BfvContext& context, std::size_t parties) {
  return plan_noise(
      context, parties,
      largest_norm(context.ring().degree(), std::log2(static_cast<double>(context.parameters().plain))));
}

NoiseBudget plan_noise(const BfvContext& context, std::size_t parties, double one_norm) {
  const auto [b, fits] = plan(context.ring().degree(), context.noise_limit(), parties, one_norm);
  require(
      fits,
      "the noise of {} parties does not fit degree {}: 2^{:.0f} fresh, 2^{:.0f} as a product, 2^{:.0f} "
      "hidden, 2^{:.0f} with all partial decryptions, and 2^{:.0f} is the most that decrypts; use a smaller "
      "plaintext modulus or a larger degree",
      parties, context.ring().degree(), b.fresh, b.product, b.hidden, b.smudged, b.limit);
  return b;
}

unsigned most_plain_bits(std::size_t degree, std::size_t parties) {
  const BfvParameters set = BfvParameters::standard(2, degree);
  double bits = 0;
  Word least = set.primes[0];
  for (Word q : set.primes) {
    bits += std::log2(static_cast<double>(q));
    least = std::min(least, q);
  }
  unsigned most = 0;
  for (unsigned t = 1; (Word{1} << t) < least; ++t)
    if (plan(degree, bits - t + std::log2(0.5 - 0x1p-16), parties, largest_norm(degree, t)).fits) most = t;
  return most;
}

}  // namespace tacit::he
