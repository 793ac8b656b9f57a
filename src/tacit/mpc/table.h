// The protocols, one line each in table.cc: what the command line, the docs and the tests iterate.
#pragma once

#include "tacit/mpc/engine.h"
#include "tacit/mpc/generic/dry_engine.h"

namespace tacit {

struct ProtocolInfo {
  std::string_view name;
  std::size_t parties;
  std::string_view threat;  ///< what it withstands, in a phrase
  std::string_view paper;
  unsigned kappa;                                     ///< computational security, bits
  unsigned sigma;                                     ///< statistical security, bits
  std::vector<std::vector<unsigned>> component_sets;  ///< see Engine::component_sets
  std::unique_ptr<Engine> (*make)(Party&, const Profile&);
  std::unique_ptr<ProtocolCosts> (*costs)(const Profile&);
};

std::span<const ProtocolInfo> all_protocols();
/// UsageError, with the nearest name, if there is none.
const ProtocolInfo& protocol_named(std::string_view name);

}  // namespace tacit
