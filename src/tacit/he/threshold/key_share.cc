#include "tacit/he/threshold/key_share.h"

#include <cmath>

#include "tacit/base/error.h"
#include "tacit/he/bfv/rerandomise.h"

namespace tacit::he {

namespace {

/// log2 of the noise of a ciphertext and all parties' flooding.
double flooded(double noise, unsigned flood, std::size_t parties) {
  return std::log2(std::exp2(noise) + static_cast<double>(parties) * std::exp2(flood));
}

}  // namespace

Poly common_polynomial(const BfvContext& context, ByteView public_seed) {
  Randomness uniform(public_seed);
  return sample_uniform(context.ring(), uniform);
}

unsigned flood_bits(const BfvContext& context, double noise, std::size_t parties) {
  const unsigned bits = hiding_bits(context, noise);
  require(
      bits <= kMostFloodBits && flooded(noise, bits, parties) < context.noise_limit(),
      "noise of 2^{:.0f} leaves no room to hide it: {} parties need 2^{} each, and 2^{:.0f} is the most that "
      "decrypts",
      noise, parties, bits, context.noise_limit());
  return bits;
}

void KeyShare::partial_decryption(const Ciphertext& c, unsigned flood, Randomness& random,
                                  Workspace& workspace, Poly& out) const {
  const Ring& ring = context_->ring();
  out.resize(ring.words());
  key_.noisy(nullptr, c.c1, out);
  const Workspace::Scope scope(workspace);
  const FloodPoly noise(ring, flood, random, workspace);
  const auto wide = workspace.take<Word>(ring.degree()), scratch = workspace.take<Word>(ring.degree());
  for (std::size_t i = 0; i < ring.limbs(); ++i) {
    noise.residues(i, wide, scratch);
    ring.limb(i).add(ring.part(out, i), wide);
  }
}
Poly KeyShare::partial_decryption(const Ciphertext& c, unsigned flood, Randomness& random) const {
  Workspace workspace;
  Poly out;
  partial_decryption(c, flood, random, workspace, out);
  return out;
}

void KeyShare::add_product(const Poly& a, Poly& to) const {
  const Ring& ring = context_->ring();
  ensure(a.size() == ring.words() && to.size() == a.size(), "polynomials of the ring");
  for (std::size_t i = 0; i < ring.limbs(); ++i)
    ring.limb(i).multiply_add(ring.part(a, i), key_.values(i), ring.part(to, i));
}

PublicKey join_public_key(const BfvContext& context, Poly common, std::span<const Poly> shares) {
  require(!shares.empty(), "a joint key has at least one share");
  Poly sum = shares[0];
  for (const Poly& share : shares.subspan(1)) context.ring().add(sum, share);
  return PublicKey(context, std::move(sum), std::move(common), shares.size());
}

Plaintext join_decryption(const BfvContext& context, const Ciphertext& c, std::span<const Poly> partial,
                          unsigned flood) {
  require(flooded(c.noise, flood, partial.size()) < context.noise_limit(),
          "noise of 2^{:.0f} and flooding of 2^{} by {} parties is too much to decrypt: 2^{:.0f} is the most",
          c.noise, flood, partial.size(), context.noise_limit());
  Poly sum = c.c0;
  context.ring().inverse(sum);
  for (const Poly& p : partial) context.ring().add(sum, p);
  Workspace workspace;
  Plaintext out(context.ring().degree());
  context.unscale(sum, workspace, out);
  return out;
}

}  // namespace tacit::he
