// How deep the logical clock (net/meter.h) goes while an owner uploads, and what a party answers.
#pragma once

#include "tacit/job/job.h"
#include "tacit/mpc/table.h"

namespace tacit::planning {

/// Of how many components a shared number is the sum.
unsigned components_of(const ProtocolInfo& protocol);

/// What one owner's upload comes to at all parties.
struct UploadTraffic {
  std::uint32_t depth = 0;              ///< of the owner's last message, which all parties hear
  std::vector<std::uint64_t> answered;  ///< bytes that each party sends for it, its welcome included
};

/// An upload without a break, as OwnerLink and UploadReceiver do it. `clocks` are the parties' when they
/// begin to receive: owners do not depend on one another.
UploadTraffic upload_traffic(const ProtocolInfo& protocol, std::vector<std::uint32_t> clocks,
                             std::uint64_t rows, std::size_t width, unsigned full);

}  // namespace tacit::planning
