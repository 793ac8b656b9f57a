// Parties as processes of this machine over TLS, each running the same body: what every benchmark of a
// protocol measures.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>

#include "bench.h"
#include "tacit/party/party.h"

namespace tacit::bench {

/// Runs `body` in a process a party, and returns what each of them returned. The process must be
/// single-threaded.
std::vector<nlohmann::json> on_parties(const Context& context, std::size_t parties, unsigned threads,
                                       const std::function<nlohmann::json(Party&)>& body);
/// All parties' clocks brought together: two rounds.
void synchronize(Party& party);

}  // namespace tacit::bench
