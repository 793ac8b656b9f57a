// The Merkle tree of RFC 6962 (section 2.1) with SHA-256: one digest stands for a list of chunks, their order
// and their number, and a chunk can be held against it without the others.
#pragma once

#include <span>

#include "tacit/crypto/hash.h"

namespace tacit::sealed {

/// Of one chunk. Leaves and nodes are hashed with different first bytes, so that neither passes for the
/// other.
Digest leaf_digest(ByteView chunk);
/// Of at least one leaf.
Digest merkle_root(std::span<const Digest> leaves);

}  // namespace tacit::sealed
