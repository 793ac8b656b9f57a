// Making a ciphertext forget how it was made. A product with a plaintext F that is sent as it is gives F
// away: by division of (c0, c1), and, to whoever holds the key and knows its own noise, by the noise. So
// before it leaves, a fresh public-key encryption of a mask is added to it, whose c1 hides c1, and whose c0
// carries uniform noise so wide that the product's own does not show (Gentry's circuit privacy by flooding,
// 2009, section 21.1; the parameters are protocols' to keep: 2^-40 here).
//
// Semi-honest: the public key must be the receiver's own, and well made.
#pragma once

#include "tacit/he/bfv/bfv.h"
#include "tacit/he/poly/flood.h"

namespace tacit::he {

/// log2 of flooding noise that hides what noise of 2^`noise` could tell, to a statistical distance of 2^-40
/// over all coefficients: ceil(noise + log2 n + 40 - 1).
unsigned hiding_bits(const BfvContext& context, double noise);

/// c += an encryption of `mask` under `key` with hiding noise; an empty mask is all zeros. UsageError, and c
/// as it was, if it would not decrypt then, or not with `room` bits of noise more than that.
void rerandomise(const BfvContext& context, Ciphertext& c, const PublicKey& key, const Plaintext& mask,
                 double room, Randomness& random, Workspace& workspace);

}  // namespace tacit::he
