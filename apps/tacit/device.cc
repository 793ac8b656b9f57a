// A customer's device: its key, and the vendors whose models it runs.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "sealed_options.h"
#include "tacit/base/error.h"
#include "tacit/sealed/key_folder.h"

namespace tacit::app {

nlohmann::json device_init(const KeyFolderOptions& o, const Style& style) {
  const auto device = sealed::DeviceKeys::make(o.keys, o.name, clock_now());
  const std::string id = sealed::in_groups(sealed::device_id(device.card.key));
  const fs::path card = o.keys / "device.pub";
  if (!style.json)
    std::printf(
        "%s   the device '%s', with a key of its own in a file: no TPM keeps it.\n"
        "    Whoever holds this folder, or a copy of it, opens what is sealed to this device: keep it out of "
        "backups "
        "that others read.\n"
        "%s   for vendors, who seal to it:  tacit seal model.onnx --to device.pub\n"
        "id  %s\n",
        o.keys.c_str(), device.card.name.c_str(), card.c_str(), id.c_str());
  return {{"name", device.card.name},
          {"folder", o.keys.string()},
          {"card", card.string()},
          {"kept", "software"},
          {"id", id}};
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
