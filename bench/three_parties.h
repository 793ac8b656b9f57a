// Three parties with an engine of aby3 each.
#pragma once

#include "parties.h"
#include "tacit/mpc/engine.h"

namespace tacit::bench {

struct Seat {
  Engine& engine;
  Party& party;
  std::size_t self() const { return index(party.id()); }
  void synchronize() { bench::synchronize(party); }
};

/// As on_parties.
std::vector<nlohmann::json> on_three_parties(const Context& context, std::string_view profile,
                                             unsigned threads,
                                             const std::function<nlohmann::json(Seat&)>& body);

}  // namespace tacit::bench
