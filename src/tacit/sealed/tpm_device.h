// A device whose key a TPM keeps: the file device.tpm of its folder says which TPM and which key, and is of
// no use without that TPM. The key's own exchange with a point of nobody's (nobodys_point.h) is the secret
// from which the device derives keys of its own.
#pragma once

#include "tacit/sealed/device_key.h"
#include "tacit/tpm/tpm.h"

namespace tacit::sealed {

struct TpmDeviceFile {
  std::filesystem::path at;  ///< where the TPM is reached
  Bytes endorsement;         ///< the point of its endorsement key
  tpm::TpmKey key;
  std::uint32_t counter = 0;
};
std::string to_text(const TpmDeviceFile& file);
/// UsageError for anything but what to_text writes.
TpmDeviceFile parse_tpm_device(std::string_view text);
TpmDeviceFile read_tpm_device(const std::filesystem::path& file);

std::unique_ptr<KeptKey> keep_in_tpm(tpm::Tpm tpm, TpmDeviceFile file);
/// UsageError if the TPM is not there, or is another one.
std::unique_ptr<KeptKey> open_in_tpm(TpmDeviceFile file);

}  // namespace tacit::sealed
