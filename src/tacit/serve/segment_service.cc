#include "tacit/serve/segment_service.h"

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/serve/segment_proof.h"

namespace tacit {

namespace {

const SegmentDevice& device_of(const Segment& segment, const std::string& name) {
  const auto found = std::find_if(segment.devices.begin(), segment.devices.end(),
                                  [&](const SegmentDevice& d) { return segment_name_of(d.id) == name; });
  ensure(found != segment.devices.end(), "whoever is let in is a device of the segment");
  return *found;
}

}  // namespace

Deployment segment_server_deployment(const Segment& segment) {
  Deployment all = segment_deployment(segment.terms, {}, {});
  all.users.clear();
  for (const SegmentDevice& d : segment.devices) all.users.push_back({segment_name_of(d.id), {}, d.access});
  all.model = seco::face_of(segment.part.network);
  return all;
}

ServiceReport run_segment_service(const Segment& segment, const std::filesystem::path& folder,
                                  TlsTransport& users, const ServiceOptions& options,
                                  const std::function<std::int64_t()>& clock) {
  QueryLimit limit(folder / "limits", segment.terms.queries);
  const auto admit = [&](const std::string& user) -> Admission {
    const SegmentDevice& device = device_of(segment, user);
    return {[&](const Digest& session, Channel& channel) {
              ask_for_proof(channel, session, segment.terms, device.key);
              tell_verdict(channel,
                           is_revoked(folder, device.id) ? SegmentVerdict::Revoked : SegmentVerdict::Welcome);
            },
            [&](std::uint64_t questions, Channel& channel) {
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
