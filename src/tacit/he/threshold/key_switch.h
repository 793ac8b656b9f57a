// From a key that several parties hold together to one party's own, without anyone decrypting: collective
// public-key switching (Mouchet, Troncoso-Pastoriza, Bossuat and Hubaux, "Multiparty homomorphic encryption
// from ring-learning-with-errors", 2021, section IV-C, PCKS). Each party sends a share, one round; shares and
// ciphertext add up to a ciphertext of the same message under the receiver's key.
//
// Passive security against all parties but one, together with the receiver: whoever holds the receiver's key
// learns of each share what a partial decryption tells, which is flooded so that it hides the ciphertext's
// noise to 2^-40; others see public-key encryptions. The receiver's public key must be well made. No more
// than one share is to be made of one ciphertext: two would be flooded twice, but what they hide is the same.
#pragma once

#include "tacit/he/threshold/key_share.h"

namespace tacit::he {

struct SwitchShare {
  Poly h0, h1;  ///< values of the transform
};

/// log2 of the flooding noise of each share. UsageError if shares of so many parties leave no room to
/// decrypt.
unsigned switch_flood_bits(const BfvContext& context, double noise, const PublicKey& receiver,
                           std::size_t parties);

/// A party's share, to be sent to whoever joins them.
SwitchShare switch_share(const BfvContext& context, const KeyShare& key, const Ciphertext& c,
                         const PublicKey& receiver, unsigned flood, Randomness& random, Workspace& workspace);

/// The ciphertext under the receiver's key, its noise those of all. UsageError if that is too much to
/// decrypt, or a share is not of the ring.
Ciphertext join_switch(const BfvContext& context, const Ciphertext& c, std::span<const SwitchShare> shares,
                       const PublicKey& receiver, unsigned flood);

/// As bytes, labelled: see serialise.h.
Bytes to_bytes(const BfvContext& context, const SwitchShare& share, std::uint64_t label);
SwitchShare read_switch_share(const BfvContext& context, ByteView bytes, std::uint64_t label);
std::size_t switch_share_bytes(const BfvContext& context);

}  // namespace tacit::he
