// A customer's device: its key, and the vendors whose models it runs.
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "commands.h"
#include "sealed_options.h"
#include "tacit/base/error.h"
#include "tacit/sealed/key_folder.h"

namespace tacit::app {

namespace {

/// Of every machine that has a TPM 2.0 and Linux.
constexpr const char* kSystemTpm = "/dev/tpmrm0";

/// Where the key is to lie; nowhere but in a file if there is none.
std::optional<sealed::TpmChoice> choice(const DeviceOptions& o) {
  std::error_code ignored;
  const fs::path at = !o.tpm.empty() ? o.tpm : fs::path(kSystemTpm);
  if (o.software || (o.tpm.empty() && !fs::exists(at, ignored))) {
    require(o.pcrs.empty(), "--pcrs is about a TPM, and {}",
            o.software ? "--software asks for none" : "this machine has none");
    return std::nullopt;
  }
  return sealed::TpmChoice{at, tpm::parse_pcrs(o.pcrs.empty() ? "7" : o.pcrs)};
}

void tell(const sealed::DeviceKeys& device, const fs::path& keys, bool software) {
  const auto& tpm = device.card.tpm;
  if (tpm)
    std::printf(
        "%s   the device '%s', with a key that a TPM keeps%s%s: this folder is of use on this machine "
        "alone.\n"
        "endorsement  %s\n"
        "             of the TPM: vendors ask for it, by another way than the card\n",
        keys.c_str(), device.card.name.c_str(), tpm->pcrs.empty() ? "" : ", bound to the state of register ",
        tpm->pcrs.empty() ? "" : tpm::pcrs_text(tpm->pcrs).c_str(),
        sealed::in_groups(sealed::endorsement_id(tpm->endorsement)).c_str());
  else
    std::printf(
        "%s   the device '%s', with a key of its own in a file: no TPM keeps it%s.\n"
        "    Whoever holds this folder, or a copy of it, opens what is sealed to this device: keep it out of "
        "backups that others read.\n",
        keys.c_str(), device.card.name.c_str(),
        software ? "" : ", since this machine has none (/dev/tpmrm0)");
}

}  // namespace

nlohmann::json device_init(const DeviceOptions& o, const Style& style) {
  const auto chosen = choice(o);
  const auto device = chosen ? sealed::DeviceKeys::make(o.keys, o.name, now_here(), *chosen)
                             : sealed::DeviceKeys::make(o.keys, o.name, now_here());
  const std::string id = sealed::in_groups(sealed::device_id(device.card.key));
  const fs::path card = o.keys / "device.pub";
  if (!style.json) {
    tell(device, o.keys, o.software);
    std::printf("%s   for vendors, who seal to it:  tacit seal model.onnx --to device.pub\nid  %s\n",
                card.c_str(), id.c_str());
  }
  nlohmann::json out{{"name", device.card.name},
                     {"folder", o.keys.string()},
                     {"card", card.string()},
                     {"kept", chosen ? "tpm" : "software"},
                     {"id", id}};
  if (const auto& tpm = device.card.tpm) {
    out["endorsement"] = sealed::in_groups(sealed::endorsement_id(tpm->endorsement));
    out["pcrs"] = tpm::pcrs_text(tpm->pcrs);
    out["certificate"] = !tpm->certificate.empty();
  }
  return out;
}

nlohmann::json device_trust(const TrustOptions& o, const Style& style) {
  const auto device = sealed::DeviceKeys::open(o.keys);
  const sealed::VendorCard vendor = sealed::read_vendor_card(o.vendor);
  const Digest found = sealed::fingerprint(vendor);
  if (!o.fingerprint.empty())
    require(sealed::parse_groups(o.fingerprint) == found,
            "'{}' has another fingerprint ({}) than the one that you were told: it is not trusted",
            o.vendor.string(), sealed::in_groups(found));
  device.trust(vendor);
  if (!style.json) {
    std::printf("'%s' is trusted from now on: this device runs what it seals.\nfingerprint  %s\n",
                vendor.name.c_str(), sealed::in_groups(found).c_str());
    if (o.fingerprint.empty())
      std::printf(
          "             compare it with what the vendor tells you by another way than the file came; if they "
          "differ, remove %s\n",
          (o.keys / "trusted" / (to_hex(found) + ".pub")).c_str());
  }
  return {
      {"name", vendor.name}, {"fingerprint", sealed::in_groups(found)}, {"compared", !o.fingerprint.empty()}};
}

}  // namespace tacit::app
