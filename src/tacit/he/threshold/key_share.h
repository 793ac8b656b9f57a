// A BFV key that several parties hold together: its secret is the sum of theirs, and only all of them decrypt
// (Asharov et al., "Multiparty computation with low communication, computation and interaction via threshold
// FHE", 2012; Mouchet et al., "Multiparty homomorphic encryption from ring-learning-with-errors", 2021).
//
// Passive security against all parties but one. A partial decryption is flooded: without that it would tell
// of the ciphertext's noise, and so of what was computed. What is sent, and to whom, is the caller's
// protocol.
#pragma once

#include "tacit/he/bfv/bfv.h"

namespace tacit::he {

/// The polynomial over which all parties make their keys, from a seed that they agreed upon in the open.
Poly common_polynomial(const BfvContext& context, ByteView public_seed);

/// log2 of flooding noise that hides a ciphertext's noise, to a statistical distance of 2^-40 over all its
/// coefficients, and still lets `parties` of them decrypt. UsageError if there is no room for both.
unsigned flood_bits(const BfvContext& context, double noise, std::size_t parties);

class KeyShare {
 public:
  KeyShare(const BfvContext& context, Randomness& random) : context_(&context), key_(context, random) {}

  /// To be sent to whoever makes the joint public key.
  Poly public_share(const Poly& common, Randomness& random) const { return key_.masked_by(common, random); }
  /// c1·s_i and noise of `flood` bits, as coefficients: to be sent to whoever is to learn the message.
  Poly partial_decryption(const Ciphertext& c, unsigned flood, Randomness& random) const;
  void partial_decryption(const Ciphertext& c, unsigned flood, Randomness& random, Workspace& workspace,
                          Poly& out) const;
  /// to += a·s_i, values of the transform. What has not been flooded is as secret as the key.
  void add_product(const Poly& a, Poly& to) const;

 private:
  const BfvContext* context_;
  SecretKey key_;
};

PublicKey join_public_key(const BfvContext& context, Poly common, std::span<const Poly> shares);
/// UsageError if the noise with that of all the partial decryptions is too large to decrypt.
Plaintext join_decryption(const BfvContext& context, const Ciphertext& c, std::span<const Poly> partial,
                          unsigned flood);

}  // namespace tacit::he
