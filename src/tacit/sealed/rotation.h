// New keys for old ones. A vendor's: a new signing key under the same name, and the word of both keys that
// the one follows the other, by which devices that pinned the old take the new. A device's: a new key, with
// the vendors that the old one pinned and the time that it witnessed.
//
// A rotation is for keys that are replaced in time. It is worth what the old key is: whoever has stolen that
// can sign one, too, so that after a theft customers have to remove the old vendor and to pin the new one as
// they pinned the first.
#pragma once

#include "tacit/sealed/key_folder.h"

namespace tacit::sealed {

struct Rotation {
  std::string name;  ///< the vendor's, before and after
  PublicKey before, after;
  Seconds time = 0;
  Signature by_before{}, by_after{};
  bool operator==(const Rotation&) const = default;
};
std::string to_text(const Rotation& rotation);
/// UsageError for anything but what to_text writes.
Rotation parse_rotation(std::string_view text);
Rotation read_rotation(const std::filesystem::path& file);
/// CheatDetected unless both keys have signed it.
void check_rotation(const Rotation& rotation);

/// A new folder of keys for the same vendor, with vendor.rotation and the devices that the old one admitted.
/// The old folder stays as it is: it opens what it kept, traces the copies that it made, and hands out leases
/// of what it sealed. UsageError if the new one is there already; IoError.
VendorKeys rotate_vendor(const std::filesystem::path& old_folder, const std::filesystem::path& new_folder,
                         Seconds now);

/// The device takes the vendor's new key: beside the old one, for what that sealed, or, if `ends_old`, in its
/// place. UsageError if it does not trust the old one; CheatDetected as above; IoError.
void follow(const DeviceKeys& device, const Rotation& rotation, bool ends_old);

/// What an old device leaves to a new one. It is read before the new one is made, since a TPM may be of use
/// to one of them at a time.
struct Bequest {
  std::vector<VendorCard> trusted;
  /// Witnessed; nothing if the key is of no use any more, as after a change of the firmware.
  std::optional<Seconds> time;
};
Bequest bequest_of(const DeviceKeys& old_device, const Now& now);
void take_over(const Bequest& bequest, const DeviceKeys& new_device, const Now& now);

}  // namespace tacit::sealed
