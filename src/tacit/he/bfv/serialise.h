// Ciphertexts and keys as bytes: the id of the parameters, a kind, and every residue in as many bits as its
// prime has. Whatever is read is checked for kind, parameters, size and range.
#pragma once

#include "tacit/he/bfv/bfv.h"

namespace tacit::he {

Bytes to_bytes(const BfvContext& context, const Ciphertext& c);
Bytes to_bytes(const BfvContext& context, const SecretKey::Seeded& c);
/// A bare polynomial: a share of a key, a partial decryption.
Bytes to_bytes(const BfvContext& context, const Poly& p);

/// UsageError, saying what is wrong, for bytes that are no such thing. How large the noise is, is for the
/// reader to know from what the protocol has done: a sender's word for it would be worth nothing.
Ciphertext read_ciphertext(const BfvContext& context, ByteView bytes, double noise);
SecretKey::Seeded read_seeded(const BfvContext& context, ByteView bytes);
Poly read_poly(const BfvContext& context, ByteView bytes);

/// Sizes in bytes of the three, which depend on the parameters alone.
std::size_t ciphertext_bytes(const BfvContext& context);
std::size_t seeded_bytes(const BfvContext& context);
std::size_t poly_bytes(const BfvContext& context);

}  // namespace tacit::he
