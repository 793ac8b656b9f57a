// Curve25519's group of prime order as ristretto255 (RFC 9496), by libsodium: what base oblivious transfer
// needs of it. Elements are their encodings, of which each has one. Everything takes constant time.
#pragma once

#include <array>

#include "tacit/base/secret_bytes.h"
#include "tacit/crypto/hash.h"

namespace tacit::ot {

using Point = std::array<std::byte, 32>;

/// True for the encodings of elements other than the neutral one: what may be received.
bool is_valid(const Point& p);
Point add(const Point& a, const Point& b);       ///< of valid points
Point subtract(const Point& a, const Point& b);  ///< of valid points

/// A uniform exponent, from the operating system's entropy.
SecretBytes random_scalar();
/// An element whose logarithm nobody knows, from the operating system's entropy.
Point random_point();
Point base_times(const SecretBytes& scalar);
/// Into `product`, of 32 bytes; false where it is the neutral element.
bool times(const SecretBytes& scalar, const Point& p, ByteSpan product);

/// A random oracle into the group. Inputs that differ should differ in their own encoding, too.
Point hash_to_point(ByteView input);

}  // namespace tacit::ot
