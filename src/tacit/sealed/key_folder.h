// Folders of keys. A vendor's: vendor.key and vendor.pub. A device's: device.key and device.pub, the vendors
// that it trusts (trusted/), and the time that it has witnessed (witness.h).
//
// Whoever holds a device's folder, or a copy of it, is the device where its key is a file; where a TPM keeps
// it (tpm_device.h), the folder is of use with that TPM alone.
#pragma once

#include <optional>

#include "tacit/base/file_descriptor.h"
#include "tacit/sealed/cards.h"
#include "tacit/sealed/device_key.h"
#include "tacit/sealed/now.h"

namespace tacit::sealed {

/// A folder of this user's alone.
class KeyFolder {
 public:
  /// Makes it, for good. UsageError if there is something of its name already; IoError.
  static KeyFolder make(const std::filesystem::path& folder);
  /// UsageError if it is not there, belongs to somebody else, or others may use it; `made_by` is the command
  /// that makes one.
  static KeyFolder open(const std::filesystem::path& folder, std::string_view made_by);

  std::filesystem::path file(std::string_view name) const { return path_ / name; }
  /// Held by one process at a time; others wait.
  FileDescriptor lock() const;
  /// Replaces a file in the folder, or leaves it as it was. IoError.
  void replace(std::string_view name, std::string_view text) const;

 private:
  explicit KeyFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

struct VendorKeys {
  VendorCard card;
  Identity identity;

  /// Without a name it is called after its key.
  static VendorKeys make(const std::filesystem::path& folder, const std::string& name);
  /// UsageError if its files do not belong together.
  static VendorKeys open(const std::filesystem::path& folder);
};

/// Where a device's key is to lie, and to which of the TPM's registers it is bound.
struct TpmChoice {
  std::filesystem::path at;
  tpm::Pcrs pcrs = {7};
};

struct DeviceKeys {
  KeyFolder folder;
  DeviceCard card;
  DeviceKey key;

  /// With its key in a file. `now` is the first time that it witnesses. Without a name it is called after its
  /// key.
  static DeviceKeys make(const std::filesystem::path& folder, const std::string& name, const Now& now);
  /// With its key in a TPM.
  static DeviceKeys make(const std::filesystem::path& folder, const std::string& name, const Now& now,
                         const TpmChoice& tpm);
  /// UsageError if its files do not belong together, or its TPM is not there.
  static DeviceKeys open(const std::filesystem::path& folder);

  /// Pins a vendor. UsageError if there is one of its name with another key, or of its key with another name.
  void trust(const VendorCard& vendor) const;
  /// The same without a question, by who holds the folder's lock: rotation.h.
  void pin(const VendorCard& vendor) const;
  /// The file that says so: without it the vendor is not trusted any more.
  std::filesystem::path pin_of(const VendorCard& vendor) const;
  std::vector<VendorCard> trusted() const;
  /// The pinned vendor that has this key.
  std::optional<VendorCard> trusted(const PublicKey& vendors) const;
};

}  // namespace tacit::sealed
