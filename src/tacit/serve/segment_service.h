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

/// How many devices are answered at a time, unless others are asked for.
constexpr std::size_t kSegmentPlaces = 8;
/// For so long one may let the server wait while another waits for its place.
constexpr std::chrono::milliseconds kSegmentGiveWay{60000};

/// For as long as it is wanted. `folder`: the segment's, for what is revoked. `clock`: microseconds since
/// 1970. IoError when the disk fails: a question is noted there before it is answered.
ServiceReport run_segment_service(const Segment& segment, const std::filesystem::path& folder,
                                  TlsTransport& users, const ServiceOptions& options,
                                  const std::function<std::int64_t()>& clock);

}  // namespace tacit
