// Processes of this machine, and parties among them that run the same body over TLS: what every benchmark of
// a protocol measures.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>

#include "bench.h"
#include "tacit/party/party.h"

namespace tacit::bench {

/// Runs `body` in so many processes, each with its number, and returns what each of them returned. An error
/// in one of them is one here. The process must be single-threaded.
std::vector<nlohmann::json> in_processes(std::size_t count,
                                         const std::function<nlohmann::json(std::size_t)>& body);
/// Runs `body` in a process a party, and returns what each of them returned. The process must be
/// single-threaded.
std::vector<nlohmann::json> on_parties(const Context& context, std::size_t parties, unsigned threads,
                                       const std::function<nlohmann::json(Party&)>& body);
/// All parties' clocks brought together: two rounds.
void synchronize(Party& party);

}  // namespace tacit::bench
