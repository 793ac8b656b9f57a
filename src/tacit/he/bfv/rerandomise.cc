#include "tacit/he/bfv/rerandomise.h"

#include <algorithm>
#include <cmath>

#include "tacit/base/error.h"

namespace tacit::he {

namespace {
constexpr double kStatistical = 40;
}

unsigned hiding_bits(const BfvContext& context, double noise) {
  const double n = std::log2(static_cast<double>(context.ring().degree()));
  return static_cast<unsigned>(std::ceil(std::max(noise, 0.0) + n + kStatistical - 1));
}

void rerandomise(const BfvContext& context, Ciphertext& c, const PublicKey& key, const Plaintext& mask,
                 double room, Randomness& random, Workspace& workspace) {
  key.check_made_for(context);
  const unsigned flood = hiding_bits(context, c.noise);
  const double after = log_sum(log_sum(c.noise, key.flooded_noise(flood)), 0);
  require(flood <= kMostFloodBits && after + room < context.noise_limit(),
          "noise of 2^{:.0f} leaves no room to hide it: it would become 2^{:.0f} with 2^{:.0f} to spare, and "
          "2^{:.0f} is the most that decrypts",
          c.noise, after, room, context.noise_limit());
  Ciphertext fresh;
  key.encrypt_flooded(mask, flood, random, workspace, fresh);
  add(context, c, fresh);
}

}  // namespace tacit::he
