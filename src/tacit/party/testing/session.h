// For tests only (no app links it): all parties of a session as threads of this process, with real or with
// fixed coins.
#pragma once

#include <functional>
#include <memory>

#include "tacit/party/party.h"

namespace tacit::testing {

enum class CoinsKind { Fresh, Fixed };

/// The keys of a party of n under fixed coins; each era has others.
SessionKeys fixed_keys(PartyId self, std::size_t n, std::size_t era = 0);

/// What a party talks through instead of its own plain wire.
using WrapParty = std::function<std::unique_ptr<Transport>(PartyId self, Transport& wire)>;

/// What is told of each stream that a party draws.
using WatchCoins = std::function<CoinsWatch(PartyId self)>;

/// Runs `body` once a party, each in a thread of its own, over memory; the first failure is thrown again.
/// Returns what each party's meter says at the end.
std::vector<Cost> run_parties(std::size_t parties, const std::function<void(Party&)>& body,
                              CoinsKind coins = CoinsKind::Fresh, Isa isa = detect_isa(),
                              const WrapParty& wrap = {}, const WatchCoins& watch = {});

}  // namespace tacit::testing
