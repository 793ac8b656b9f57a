// Ciphertexts and keys as bytes: the id of the parameters, a kind, and every residue in as many bits as its
// prime has. Whatever is read is checked for kind, parameters, size and range.
#pragma once

#include "tacit/he/bfv/modulus_switch.h"

namespace tacit::he {

Bytes to_bytes(const BfvContext& context, const Ciphertext& c);
Bytes to_bytes(const BfvContext& context, const SecretKey::Seeded& c);
/// A bare polynomial: a share of a key, a partial decryption.
Bytes to_bytes(const BfvContext& context, const Poly& p);
/// `label` says which of several this is: the reader names the one that is due, and another is refused. By
/// the reply's own context, not that of what it was switched from.
Bytes to_bytes(const BfvContext& context, const Reply& r, std::uint64_t label);

/// UsageError, saying what is wrong, for bytes that are no such thing. How large the noise is, is for the
/// reader to know from what the protocol has done: a sender's word for it would be worth nothing.
Ciphertext read_ciphertext(const BfvContext& context, ByteView bytes, double noise);
SecretKey::Seeded read_seeded(const BfvContext& context, ByteView bytes);
Poly read_poly(const BfvContext& context, ByteView bytes);
/// `wanted` is how many coefficients are due.
Reply read_reply(const BfvContext& context, ByteView bytes, std::uint64_t label, std::size_t wanted,
                 double noise);

/// Sizes in bytes, which depend on the parameters alone.
std::size_t ciphertext_bytes(const BfvContext& context);
std::size_t seeded_bytes(const BfvContext& context);
std::size_t poly_bytes(const BfvContext& context);
std::size_t reply_bytes(const BfvContext& context, std::size_t wanted);

}  // namespace tacit::he
