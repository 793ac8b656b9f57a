// A vendor of sealed models: its signing key.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "tacit/sealed/key_folder.h"

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

}  // namespace tacit::app
