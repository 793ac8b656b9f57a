// The public halves of keys, as people hand them around: vendor.pub, by which a device knows whose models it
// runs, and device.pub, to which a vendor seals. A card is a few lines of text. What counts in it is compared
// by its fingerprint, by another way than the one that the card came.
#pragma once

#include <filesystem>

#include "tacit/crypto/hash.h"
#include "tacit/crypto/identity.h"
#include "tacit/crypto/kem.h"

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

struct DeviceCard {
  std::string name;
  KemPublicKey key;
  bool operator==(const DeviceCard&) const = default;
};
std::string to_text(const DeviceCard& card);
DeviceCard parse_device_card(std::string_view text);
DeviceCard read_device_card(const std::filesystem::path& file);
/// Of its key: what stands in files that are sealed to it.
Digest device_id(const KemPublicKey& key);

/// For people to compare: 16 groups of 4 hexadecimal digits.
std::string in_groups(const Digest& digest);
/// The reverse, with or without blanks between; UsageError for anything else.
Digest parse_groups(std::string_view text);

}  // namespace tacit::sealed
