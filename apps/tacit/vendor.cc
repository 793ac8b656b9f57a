// A vendor of sealed models: its signing key, and a new one for it.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "sealed_options.h"
#include "tacit/sealed/rotation.h"

namespace tacit::app {

nlohmann::json vendor_init(const KeyFolderOptions& o, const Style& style) {
  const auto vendor = sealed::VendorKeys::make(o.keys, o.name);
  const std::string fingerprint = sealed::in_groups(sealed::fingerprint(vendor.card));
  const fs::path key = o.keys / "vendor.key", card = o.keys / "vendor.pub";
  if (!style.json)
    std::printf(
        "%s   private, keep it; whoever has it signs as '%s'\n"
        "%s   for your customers, who pin it:  tacit device trust vendor.pub\n"
        "fingerprint  %s\n"
        "             tell it to them by another way than you send the file\n",
        key.c_str(), vendor.card.name.c_str(), card.c_str(), fingerprint.c_str());
  return {{"name", vendor.card.name},
          {"key", key.string()},
          {"card", card.string()},
          {"public_key", to_string(vendor.card.key)},
          {"fingerprint", fingerprint}};
}

nlohmann::json vendor_rotate(const RotateOptions& o, const Style& style) {
  const auto vendor = sealed::rotate_vendor(o.keys, o.new_keys, clock_now());
  const std::string fingerprint = sealed::in_groups(sealed::fingerprint(vendor.card));
  const fs::path rotation = o.new_keys / "vendor.rotation", card = o.new_keys / "vendor.pub";
  if (!style.json)
    std::printf(
        "%s   the new key of '%s': seal with it from now on (--keys)\n"
        "%s   for customers who trust the old key:  tacit device trust --rotated vendor.rotation\n"
        "%s   for new customers\n"
        "fingerprint  %s\n"
        "%s   keep the old folder for as long as files that it sealed are of use: it hands out their leases, "
        "seals anew what it kept, and traces the copies that it made.\n"
        "If somebody has stolen the old key, a rotation helps nobody: have customers remove the old vendor, "
        "and pin the new card.\n",
        o.new_keys.c_str(), vendor.card.name.c_str(), rotation.c_str(), card.c_str(), fingerprint.c_str(),
        o.keys.c_str());
  return {{"name", vendor.card.name},
          {"folder", o.new_keys.string()},
          {"card", card.string()},
          {"rotation", rotation.string()},
          {"fingerprint", fingerprint}};
}

}  // namespace tacit::app
