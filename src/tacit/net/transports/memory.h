// Endpoints of one process joined by queues: for --simulate and for tests. No secrecy between endpoints.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "tacit/net/transport.h"

namespace tacit {

/// `names.size()` endpoints, each to be used by a thread of its own. A receive fails with PeerError when the
/// peer's endpoint is destroyed, has said goodbye, or sends nothing for `patience`.
std::vector<std::unique_ptr<Transport>> memory_transports(const std::vector<std::string>& names,
                                                          std::chrono::milliseconds patience);

}  // namespace tacit
