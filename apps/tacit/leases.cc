// Leases: a device asks for them, its vendor hands them out, revokes, and shows its log.
#include <cstdio>
#include <mutex>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "lease_wire.h"
#include "sealed_options.h"
#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/sealed/lease_folder.h"
#include "tacit/sealed/lease_log.h"
#include "tacit/sealed/open.h"
#include "tacit/serve/segment_folder.h"

namespace tacit::app {

namespace {

using nlohmann::json;

struct Vendor {
  explicit Vendor(const fs::path& folder)
      : keys(sealed::VendorKeys::open(folder)),
        log(sealed::KeyFolder::open(folder, "tacit vendor init"), keys) {}
  sealed::VendorKeys keys;
  sealed::LeaseLog log;
};

/// An id as people write it, or a card.
Digest device_named(const std::string& text) {
  std::error_code ignored;
  if (fs::exists(text, ignored)) return sealed::device_id(sealed::read_device_card(text).key);
  return sealed::parse_groups(text);
}

}  // namespace

json device_lease(const LeaseOptions& o, const Style& style) {
  const auto device = sealed::DeviceKeys::open(o.keys);
  sealed::SealedFile file(o.file);
  const auto vendor = device.trusted(file.header().vendor);
  require(vendor.has_value(),
          "'{}' is signed by a vendor that this device does not trust: it calls itself '{}'; if it is yours, "
          "run 'tacit device trust' with its vendor.pub",
          o.file.string(), file.header().vendor_name);
  const sealed::VerifiedFile verified(std::move(file), *vendor);
  const sealed::Header& header = verified.header();
  require(header.lease.has_value(), "'{}' runs without a lease", o.file.string());
  const sealed::BootMoment asked = sealed::boot_now();
  const sealed::LeaseRequest request = sealed::new_lease_request(device, header);
  const sealed::Lease lease = ask_for_lease(parse_address(o.at.empty() ? header.lease->from : o.at), request);
  sealed::keep_lease(device, request, lease, asked);
  if (!style.json)
    std::printf("'%s' may run for %s from %s on, until this machine is started anew.\n",
                header.model_name.c_str(), human_seconds(static_cast<double>(lease.seconds)).c_str(),
                sealed::moment_text(lease.time).c_str());
  return {{"model", header.model_name},
          {"seconds", lease.seconds},
          {"time", sealed::moment_text(lease.time)},
          {"revocations", lease.revocations}};
}

namespace {

/// A segment's server answers the device no more; leases are another matter.
json revoke_at_segment(const LeaseOptions& o, const Style& style) {
  require(!o.device.empty() && o.file.empty(), "--segment takes --device: who may not ask it any more");
  const Digest device = device_named(o.device);
  revoke(o.segment, device);
  const std::string what = fmt::format("the device {}", sealed::in_groups(device));
  if (!style.json)
    std::printf("Revoked: %s. The server of '%s' does not answer it from now on.\n", what.c_str(),
                o.segment.c_str());
  return {{"revoked", what}, {"segment", o.segment.string()}};
}

}  // namespace

json vendor_revoke(const LeaseOptions& o, const Style& style) {
  if (!o.segment.empty()) return revoke_at_segment(o, style);
  require(o.file.empty() != o.device.empty(), "name what is revoked: --model FILE, or --device ID");
  Vendor vendor(o.keys);
  std::string what;
  if (!o.file.empty()) {
    const sealed::Header header = sealed::SealedFile(o.file).header();
    require(header.vendor == vendor.keys.card.key, "'{}' is signed by another vendor", o.file.string());
    vendor.log.revoke_file(header.id, clock_now());
    what = fmt::format("the model '{}'", header.model_name);
  } else {
    const Digest device = device_named(o.device);
    vendor.log.revoke_device(device, clock_now());
    what = fmt::format("the device {}", sealed::in_groups(device));
  }
  if (!style.json)
    std::printf("Revoked: %s. It gets no lease from now on; leases that run end in their time.\n",
                what.c_str());
  return {{"revoked", what}, {"revocations", vendor.log.revocations()}};
}

json vendor_log(const LeaseOptions& o, const Style& style) {
  const Vendor vendor(o.keys);
  json out{{"entries", json::array()}, {"revocations", vendor.log.revocations()}};
  for (const sealed::LogEntry& e : vendor.log.entries()) {
    out["entries"].push_back({{"number", e.number},
                              {"time", sealed::moment_text(e.time)},
                              {"what", sealed::name_of(e.kind)},
                              {"device", to_hex(e.device)},
                              {"file", to_hex(ByteView(e.file))},
                              {"seconds", e.seconds},
                              {"revocations", e.revocations}});
    if (!style.json)
      std::printf("%6llu  %s  %-14s  device %.8s  model %.8s\n", static_cast<unsigned long long>(e.number),
                  sealed::moment_text(e.time).c_str(), std::string(sealed::name_of(e.kind)).c_str(),
                  to_hex(e.device).c_str(), to_hex(ByteView(e.file)).c_str());
  }
  return out;
}

json serve_leases(const LeaseOptions& o, const Style& style) {
  Vendor vendor(o.keys);
  std::mutex one;
  const Address at = parse_address(o.at);
  LeaseServer server(at, vendor.keys.identity, [&](const sealed::LeaseRequest& request) {
    const std::lock_guard held(one);
    return vendor.log.answer(request, clock_now());
  });
  if (!style.quiet)
    std::fprintf(stderr, "handing out leases of '%s' on %s\n", vendor.keys.card.name.c_str(),
                 to_string(Address{at.host, server.port()}).c_str());
  server.run();
  return {{"vendor", vendor.keys.card.name}};
}

}  // namespace tacit::app
