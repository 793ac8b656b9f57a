// The vendor's server of a protected segment: two-party inference (two_party.h) with the devices to which the
// model was sealed, each of which proves who it is and is held to its number of questions. Several at a time;
// they fail by themselves.
#pragma once

#include "tacit/serve/query_limit.h"
#include "tacit/serve/segment_folder.h"
#include "tacit/serve/two_party.h"

namespace tacit {

/// The deployment with all devices, for the server alone: each session tells of no others.
Deployment segment_server_deployment(const Segment& segment);
/// For its TlsSettings::newcomer: devices for which the model was sealed anew while it runs. `tell` hears of
/// each, and why the folder could not be looked into; it must not throw.
std::function<std::optional<Endpoint>(const PublicKey&)> late_devices(
    SegmentDevices& devices, std::function<void(const std::string&)> tell);

/// How many devices are answered at a time, unless others are asked for.
constexpr std::size_t kSegmentPlaces = 8;
/// For so long one may let the server wait while another waits for its place.
constexpr std::chrono::milliseconds kSegmentGiveWay{60000};

/// For as long as it is wanted. `devices`: of the segment's folder, where it also stands which are revoked.
/// `clock`: microseconds since 1970. IoError when the disk fails: a question is noted there before it is
/// answered.
ServiceReport run_segment_service(const Segment& segment, const SegmentDevices& devices, TlsTransport& users,
                                  const ServiceOptions& options, const std::function<std::int64_t()>& clock);

}  // namespace tacit
