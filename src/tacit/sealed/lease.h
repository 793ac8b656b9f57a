// Leases: a vendor's signed word that a device may use a model for some seconds from a time on. It answers a
// number that the device drew for this one question, so that no old lease passes for a new one. The device
// holds it against its boot clock, which nobody sets back; with the boot the lease ends.
//
// docs/leases.md has the bytes. All are of fixed size.
#pragma once

#include <optional>

#include "tacit/sealed/header.h"

namespace tacit::sealed {

using Nonce = std::array<std::byte, 32>;

struct LeaseRequest {
  PublicKey vendor;
  Digest device{};  ///< device_id
  FileId file{};
  Nonce nonce{};  ///< random, and another for every request
  bool operator==(const LeaseRequest&) const = default;
};
Bytes to_bytes(const LeaseRequest& request);
/// UsageError for anything but what to_bytes writes.
LeaseRequest parse_lease_request(ByteView bytes);

enum class LeaseAnswer : std::uint8_t { Granted = 1, Revoked = 2 };

struct Lease {
  LeaseRequest request;
  LeaseAnswer answer = LeaseAnswer::Revoked;
  Seconds time = 0;               ///< when the vendor answered, by its clock
  std::uint32_t seconds = 0;      ///< for how long the model may be used; none if it was revoked
  std::uint64_t revocations = 0;  ///< how much the vendor had revoked by then: it never falls
  Signature signature{};
  bool operator==(const Lease&) const = default;
};
/// What the vendor's answer is before it is signed, and after.
Lease signed_by(const Identity& vendor, Lease lease);
Bytes to_bytes(const Lease& lease);
/// UsageError for anything but what to_bytes writes of an answer that there can be.
Lease parse_lease(ByteView bytes);
/// Whether its vendor signed it.
bool is_signed(const Lease& lease);

constexpr std::size_t kLeaseRequestSize = 22 + 4 * 32;
constexpr std::size_t kLeaseSize = 14 + 4 * 32 + 1 + 8 + 4 + 8 + 64;

}  // namespace tacit::sealed
