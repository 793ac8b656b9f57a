// For tests only (no app links it): all parties of a session as threads of this process, with real or with
// fixed coins.
#pragma once

#include <functional>

#include "tacit/party/party.h"

namespace tacit::testing {

enum class CoinsKind { Fresh, Fixed };

/// Runs `body` once a party, each in a thread of its own, over memory; the first failure is thrown again.
/// Returns what each party's meter says at the end.
std::vector<Cost> run_parties(std::size_t parties, const std::function<void(Party&)>& body,
                              CoinsKind coins = CoinsKind::Fresh, Isa isa = detect_isa());

}  // namespace tacit::testing
