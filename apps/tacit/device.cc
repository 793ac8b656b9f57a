// A customer's device: its key, and the vendors whose models it runs.
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "commands.h"
#include "sealed_options.h"
#include "tacit/base/error.h"
#include "tacit/sealed/rotation.h"

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
  std::string pcrs = o.pcrs.empty() ? "7" : o.pcrs;
  std::replace(pcrs.begin(), pcrs.end(), ',', '+');
  return sealed::TpmChoice{at, tpm::parse_pcrs(pcrs)};
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

nlohmann::json told_of(const sealed::DeviceKeys& device, const DeviceOptions& o, const Style& style) {
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
                     {"kept", device.card.tpm ? "tpm" : "software"},
                     {"id", id}};
  if (const auto& tpm = device.card.tpm) {
    out["endorsement"] = sealed::in_groups(sealed::endorsement_id(tpm->endorsement));
    out["pcrs"] = tpm::pcrs_text(tpm->pcrs);
    out["certificate"] = !tpm->certificate.empty();
  }
  return out;
}

nlohmann::json follow_rotation(const TrustOptions& o, const sealed::DeviceKeys& device, const Style& style) {
  const sealed::Rotation rotation = sealed::read_rotation(o.rotated);
  sealed::follow(device, rotation, o.only_new);
  const std::string found = sealed::in_groups(sealed::fingerprint({rotation.name, rotation.after}));
  if (!style.json)
    std::printf(
        "'%s' is trusted with its new key%s: its old one, which this device trusted, has signed it.\n"
        "fingerprint  %s\n",
        rotation.name.c_str(), o.only_new ? " alone from now on" : ", too, from now on", found.c_str());
  return {{"name", rotation.name}, {"fingerprint", found}, {"rotated", true}, {"only_new", o.only_new}};
}

}  // namespace

nlohmann::json device_init(const DeviceOptions& o, const Style& style) {
  const auto chosen = choice(o);
  const auto device = chosen ? sealed::DeviceKeys::make(o.keys, o.name, now_here(), *chosen)
                             : sealed::DeviceKeys::make(o.keys, o.name, now_here());
  return told_of(device, o, style);
}

nlohmann::json device_rotate(const RotateOptions& o, const Style& style) {
  const sealed::Now now = now_here();
  const sealed::Bequest left = sealed::bequest_of(sealed::DeviceKeys::open(o.keys), now);
  DeviceOptions anew = o;
  anew.keys = o.new_keys;
  const auto chosen = choice(anew);
  const auto device = chosen ? sealed::DeviceKeys::make(anew.keys, anew.name, now, *chosen)
                             : sealed::DeviceKeys::make(anew.keys, anew.name, now);
  try {
    sealed::take_over(left, device, now);
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(anew.keys, ignored);
    throw;
  }
  nlohmann::json out = told_of(device, anew, style);
  if (!style.json)
    std::printf(
        "It trusts the vendors that %s trusted%s. Once vendors have sealed to it, remove the old folder.\n",
        o.keys.c_str(),
        left.time ? ", and goes on from its time"
                  : "; the time that it witnessed cannot be read any more, and begins with the clock");
  out["trusts"] = device.trusted().size();
  out["time_taken_over"] = left.time.has_value();
  return out;
}

nlohmann::json device_trust(const TrustOptions& o, const Style& style) {
  require(o.vendor.empty() != o.rotated.empty(),
          "name whom to trust: a vendor.pub, or --rotated with a vendor.rotation");
  const auto device = sealed::DeviceKeys::open(o.keys);
  if (!o.rotated.empty()) return follow_rotation(o, device, style);
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
