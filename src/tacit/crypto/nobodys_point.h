// A point of P-256 of which nobody knows how it follows from the curve's generator, since it comes from a
// hash of words. Who holds a private key that only exchanges (in a TPM, say) makes a secret of its own with
// it: the exchange with this point, which nobody can compute from the public key.
#pragma once

#include <string_view>

#include "tacit/crypto/kem.h"

namespace tacit {

/// The first of SHA-256(`words` ‖ 0), SHA-256(`words` ‖ 1), ... (a byte each) that is a point's first
/// coordinate; of its two points that with the even second one.
KemPublicKey nobodys_point(std::string_view words);

}  // namespace tacit
