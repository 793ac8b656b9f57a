// The vendor and the two devices whose keys version_1.h has, as they find a file of version 1 long after.
#pragma once

#include <algorithm>

#include "tacit/data/testing/files.h"
#include "tacit/sealed/key_folder.h"
#include "tacit/sealed/testing/version_1.h"
#include "tacit/sealed/witness.h"

namespace tacit::testing {

inline sealed::VendorCard version_1_vendor() {
  const Bytes raw = from_hex(kVersion1Vendor);
  sealed::VendorCard out{kVersion1VendorName, {}};
  std::copy(raw.begin(), raw.end(), out.key.raw.begin());
  return out;
}

/// In a folder of its own; it trusts the vendor.
inline sealed::DeviceKeys version_1_device(const ScratchFolder& folder, Kem kem) {
  sealed::KeyFolder keys = sealed::KeyFolder::make(folder.path(name_of(kem)));
  std::filesystem::create_directory(keys.file("trusted"));
  const char* raw = kem == Kem::X25519 ? kVersion1X25519 : kVersion1P256;
  KemPrivateKey key = KemPrivateKey::from_raw(kem, from_hex(raw));
  const KemPublicKey half = key.public_key();
  sealed::DeviceKeys out{std::move(keys), {"a device", half}, std::move(key)};
  sealed::begin_witness(out.folder, out.key, kVersion1SealedAt);
  out.trust(version_1_vendor());
  return out;
}

/// Of the file of level 1, and of those of level 4.
inline Bytes version_1_text() {
  Bytes out(1100);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::byte>(7 * i + 3);
  return out;
}

}  // namespace tacit::testing
