// Three parties as processes of this machine over TLS, each running the same body: what every benchmark of a
// protocol measures.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>

#include "bench.h"
#include "tacit/mpc/engine.h"

namespace tacit::bench {

struct Seat {
  Engine& engine;
  Party& party;
  std::size_t self() const { return index(party.id()); }
  /// All parties' clocks brought together: two rounds.
  void synchronize();
};

/// Runs `body` in three processes, and returns what each of them returned. The process must be
/// single-threaded.
std::vector<nlohmann::json> on_three_parties(const Context& context, std::string_view profile,
                                             unsigned threads,
                                             const std::function<nlohmann::json(Seat&)>& body);

}  // namespace tacit::bench
