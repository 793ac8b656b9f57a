// How parties begin a session: the same version and the same job (by hash) on all sides, a session id to
// which all contributed, and fresh keys for shared coins, contributed to by both ends of each pair.
#pragma once

#include "tacit/crypto/hash.h"
#include "tacit/net/channel.h"
#include "tacit/party/coins.h"

namespace tacit {

constexpr std::uint32_t kProtocolVersion = 5;

struct SessionTerms {
  Digest job{};  ///< hash of the job's canonical form
  std::uint32_t version = kProtocolVersion;
};

struct SessionStart {
  SessionKeys keys;
  Digest id{};
};

/// Runs among all compute parties over `wire`. PeerError, naming the party, for another version, another job
/// or an inconsistent contribution.
SessionStart shake_hands(PartyId self, const std::vector<std::string>& names, Transport& wire,
                         const SessionTerms& terms);

}  // namespace tacit
