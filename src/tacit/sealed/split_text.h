// The text of a model of level 3: what the device has of it. The layers before and after the protected
// segment, as texts in tiles (tiles.h); what it needs to know of the segment to compute it together with the
// vendor's server, which has no weights in it; and for each recipient, sealed to its key, the key by which
// that server knows it. docs/sealed-format.md has every byte.
#pragma once

#include "tacit/base/byte_stream.h"
#include "tacit/base/secret_bytes.h"
#include "tacit/crypto/hpke.h"
#include "tacit/crypto/identity.h"
#include "tacit/nn/graph/graph.h"
#include "tacit/sealed/device_key.h"
#include "tacit/sealed/header.h"

namespace tacit::sealed {

/// A recipient's key for the vendor's server: of no use to anybody else.
struct SegmentAccess {
  Digest device{};  ///< device_id
  Bytes enc, sealed;
  bool operator==(const SegmentAccess&) const = default;
};
struct NewAccess {
  SegmentAccess access;
  PublicKey key;  ///< what the server has to know
};
/// Makes a key, and seals it to a device. UsageError if `to` is no public key.
NewAccess make_access(const SplitTerms& terms, const KemPublicKey& to);
/// The device's end. CheatDetected if what is sealed to it does not open.
Identity open_access(const SplitTerms& terms, const SegmentAccess& access, const DeviceKey& key);

struct SplitText {
  std::vector<SegmentAccess> access;  ///< by devices, upwards
  std::optional<nn::Graph> before, after;
  Bytes part;  ///< the device's, of the segment: what 'serve/' makes of it
};
/// UsageError, naming the node, for local layers that cannot be written.
Bytes to_text(const SplitText& split);
/// The same text with other devices' keys, for a file that is sealed anew. `text`: as to_text writes it, else
/// UsageError.
SecretBytes with_access(ByteView text, const std::vector<SegmentAccess>& access);
/// Reads all `size` bytes. UsageError for anything but what to_text writes.
SplitText read_split_text(ByteReader& from, std::uint64_t size);

}  // namespace tacit::sealed
