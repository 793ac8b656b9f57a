// The public halves of keys, as people hand them around: vendor.pub, by which a device knows whose models it
// runs, and device.pub, to which a vendor seals. A card is a few lines of text. What counts in it is compared
// by its fingerprint, by another way than the one that the card came.
#pragma once

#include <filesystem>
#include <optional>

#include "tacit/crypto/hash.h"
#include "tacit/crypto/identity.h"
#include "tacit/crypto/kem.h"
#include "tacit/tpm/public_area.h"

namespace tacit::sealed {

struct VendorCard {
  std::string name;
  PublicKey key;
  bool operator==(const VendorCard&) const = default;
};
std::string to_text(const VendorCard& card);
/// UsageError for anything but what to_text writes.
VendorCard parse_vendor_card(std::string_view text);
VendorCard read_vendor_card(const std::filesystem::path& file);
/// Of all that is in it.
Digest fingerprint(const VendorCard& card);

/// What a card says of a key that a TPM keeps. None of it counts before the device answered a challenge
/// (challenge.h).
struct TpmEvidence {
  tpm::Pcrs pcrs;     ///< the registers to whose state the key is bound
  Digest state{};     ///< of them, when it was made; zeros without registers
  Bytes endorsement;  ///< the point of the TPM's endorsement key: 65 bytes
  Bytes certificate;  ///< its manufacturer's, of that (DER), at most 4096 bytes; empty if it has none
  bool operator==(const TpmEvidence&) const = default;
};

struct DeviceCard {
  std::string name;
  KemPublicKey key;
  std::optional<TpmEvidence> tpm = {};  ///< none: the key is a file
  bool operator==(const DeviceCard&) const = default;
};
std::string to_text(const DeviceCard& card);
DeviceCard parse_device_card(std::string_view text);
DeviceCard read_device_card(const std::filesystem::path& file);
/// What the TPM that keeps the device's key calls it: it follows from how the key was made.
Bytes name_in_tpm(const DeviceCard& card);
/// For people to compare: of a TPM's endorsement key.
Digest endorsement_id(ByteView endorsement);
/// Of its key: what stands in files that are sealed to it.
Digest device_id(const KemPublicKey& key);

/// For people to compare: 16 groups of 4 hexadecimal digits.
std::string in_groups(const Digest& digest);
/// The reverse, with or without blanks between; UsageError for anything else.
Digest parse_groups(std::string_view text);

}  // namespace tacit::sealed
