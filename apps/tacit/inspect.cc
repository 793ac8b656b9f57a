// What anybody may know of a sealed model, and whether it is what its vendor signed.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "sealed_options.h"
#include "segment.h"
#include "tacit/base/text.h"
#include "tacit/sealed/open.h"

namespace tacit::app {

namespace {

using nlohmann::json;

/// Nothing if nobody here knows the vendor's key.
std::optional<sealed::VendorCard> known_vendor(const SealedOptions& o, const sealed::Header& header) {
  if (!o.vendor.empty()) return sealed::read_vendor_card(o.vendor);
  // Who inspects need not be a device; a folder that was named must be there.
  if (!o.keys_given && !fs::exists(o.keys)) return std::nullopt;
  return sealed::DeviceKeys::open(o.keys).trusted(header.vendor);
}

void tell(const sealed::Header& h, const fs::path& file, bool known, sealed::Seconds now) {
  const sealed::LevelWords& level = sealed::words_of(static_cast<unsigned>(h.level));
  const std::string vendor = sealed::in_groups(sealed::fingerprint({h.vendor_name, h.vendor}));
  std::printf("%s\n", file.c_str());
  std::printf("  model      %s, %s\n", h.model_name.c_str(),
              human_bytes(static_cast<double>(h.text_size)).c_str());
  std::printf("  vendor     %s\n             %s\n", h.vendor_name.c_str(), vendor.c_str());
  std::printf("  sealed     %s\n", sealed::moment_text(h.sealed_at).c_str());
  std::printf("  of use     until %s%s\n", sealed::moment_text(h.expires).c_str(),
              now >= h.expires ? ": it has expired" : "");
  if (h.lease)
    std::printf("  leases     it runs under them alone, of %s each, from %s\n",
                human_seconds(static_cast<double>(h.lease->seconds)).c_str(), h.lease->from.c_str());
  std::printf("  level      %u, %s\n", static_cast<unsigned>(level.level), std::string(level.name).c_str());
  if (h.split) tell_segment(*h.split);
  std::printf("  copy of    %s\n",
              h.fingerprint.empty() ? "nobody: all copies are alike" : h.fingerprint.c_str());
  for (const sealed::Wrap& w : h.wraps)
    std::printf("  sealed to  %s (%s)\n", sealed::in_groups(w.recipient).c_str(),
                std::string(name_of(w.kem)).c_str());
  if (known)
    std::printf("\nSigned by '%s', and every part is as it was signed.\n", h.vendor_name.c_str());
  else
    std::printf(
        "\nNobody here vouches for that vendor: every part is as somebody signed it, who calls itself so. "
        "Name its "
        "vendor.pub with --vendor, or pin it with 'tacit device trust'.\n");
}

}  // namespace

json inspect(const SealedOptions& o, const Style& style) {
  sealed::SealedFile file(o.file);
  const sealed::Header h = file.header();
  const auto vendor = known_vendor(o, h);
  const sealed::VerifiedFile verified(std::move(file),
                                      vendor.value_or(sealed::VendorCard{h.vendor_name, h.vendor}));
  verified.check_chunks();
  const sealed::Seconds now = clock_now();
  if (!style.json) tell(h, o.file, vendor.has_value(), now);
  json out{{"file", o.file.string()},
           {"model", h.model_name},
           {"model_bytes", h.text_size},
           {"vendor", h.vendor_name},
           {"vendor_key", to_string(h.vendor)},
           {"vendor_fingerprint", sealed::in_groups(sealed::fingerprint({h.vendor_name, h.vendor}))},
           {"signature", vendor ? "right" : "of a vendor that nobody here vouches for"},
           {"vendor_known", vendor.has_value()},
           {"sealed_at", sealed::moment_text(h.sealed_at)},
           {"expires", sealed::moment_text(h.expires)},
           {"expired", now >= h.expires},
           {"level", static_cast<unsigned>(h.level)},
           {"level_name", sealed::words_of(static_cast<unsigned>(h.level)).name},
           {"fingerprint", h.fingerprint.empty() ? json(nullptr) : json(h.fingerprint)},
           {"recipients", json::array()}};
  out["lease"] = h.lease ? json{{"seconds", h.lease->seconds}, {"from", h.lease->from}} : json(nullptr);
  out["segment"] = h.split ? to_json(*h.split) : json(nullptr);
  for (const sealed::Wrap& w : h.wraps)
    out["recipients"].push_back({{"id", sealed::in_groups(w.recipient)}, {"key", name_of(w.kem)}});
  return out;
}

}  // namespace tacit::app
