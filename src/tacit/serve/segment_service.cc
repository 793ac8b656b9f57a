#include "tacit/serve/segment_service.h"

#include "tacit/base/error.h"
#include "tacit/sealed/cards.h"
#include "tacit/serve/segment_proof.h"

namespace tacit {

Deployment segment_server_deployment(const Segment& segment) {
  Deployment all = segment_deployment(segment.terms, {}, {});
  all.users.clear();
  for (const SegmentDevice& d : segment.devices) all.users.push_back({segment_name_of(d.id), {}, d.access});
  all.model = seco::face_of(segment.part.network);
  return all;
}

std::function<std::optional<Endpoint>(const PublicKey&)> late_devices(
    SegmentDevices& devices, std::function<void(const std::string&)> tell) {
  return [&devices, tell = std::move(tell)](const PublicKey& key) -> std::optional<Endpoint> {
    try {
      const auto device = devices.of_key(key);
      if (!device) return std::nullopt;
      tell(fmt::format("the device {} may ask by now, too", sealed::in_groups(device->id)));
      return Endpoint{segment_name_of(device->id), {}, key};
    } catch (const std::exception& e) {
      tell(fmt::format("no new device can be let in: {}", e.what()));
      return std::nullopt;
    }
  };
}

ServiceReport run_segment_service(const Segment& segment, const SegmentDevices& devices, TlsTransport& users,
                                  const ServiceOptions& options, const std::function<std::int64_t()>& clock) {
  const std::filesystem::path& folder = devices.folder();
  QueryLimit limit(folder / "limits", segment.terms.queries);
  const auto admit = [&](const std::string& user) -> Admission {
    return {[&, device = devices.named(user)](const Digest& session, Channel& channel) {
              ask_for_proof(channel, session, segment.terms, device.key);
              tell_verdict(channel,
                           is_revoked(folder, device.id) ? SegmentVerdict::Revoked : SegmentVerdict::Welcome);
            },
            [&, user](std::uint64_t questions, Channel& channel) {
              const QueryLimit::Taken taken = limit.take(user, questions, clock());
              tell_verdict(channel,
                           taken.granted             ? SegmentVerdict::Welcome
                           : taken.wait_seconds == 0 ? SegmentVerdict::TooMany
                                                     : SegmentVerdict::NotNow,
                           taken.wait_seconds, taken.left);
            }};
  };
  return run_two_party_service(segment_server_deployment(segment), segment.part, users, options, admit);
}

}  // namespace tacit
