// A deployment of a split model: who serves, who may ask, and where. Plain data, read from a TOML file
// (docs/deployment-file.md) that all servers and users have.
#pragma once

#include <filesystem>

#include "tacit/crypto/hash.h"
#include "tacit/job/endpoints.h"
#include "tacit/ot/source.h"
#include "tacit/split/seco/activations.h"

namespace tacit {

struct Deployment {
  std::string name;
  std::chrono::milliseconds patience{5000};
  std::chrono::milliseconds start_patience{60000};
  ot::Source transfers = ot::Source::SoftSpoken4;            ///< whence oblivious transfers come
  seco::ActivationBy activations = seco::ActivationBy::Gmw;  ///< how they are computed
  std::size_t pool = 4;                                      ///< queries that are prepared ahead
  bool pool_on_disk = true;                                  ///< or in memory alone
  seco::Face model;                                          ///< what goes in and comes out
  std::size_t top = 0;                                       ///< tell so many places, and not scores
  std::vector<Endpoint> servers;                             ///< the gateway first
  std::vector<Endpoint> users;

  /// What a user gets.
  seco::Face face() const { return top > 0 ? seco::with_top(model, top) : model; }
  std::vector<Endpoint> roster() const;  ///< servers, then users
  std::vector<std::string> server_names() const;
  /// Of those who compute, as their parts have them: the servers, and the user where it is one of two
  /// parties.
  std::vector<std::string> part_names() const;
  /// UsageError, with the nearest name, if nobody has it.
  PartyId endpoint(std::string_view who) const;
  /// The gateway alone: users are the other party (two_party.h).
  bool is_two_party() const { return servers.size() == 1; }
  bool is_server(PartyId id) const { return index(id) < servers.size(); }
};

/// Every error names file, line, key and the nearest right one.
Deployment read_deployment(const std::filesystem::path& file, Keys keys = Keys::Needed);
/// What servers compare before they begin: names, keys, patience; no addresses.
Digest deployment_hash(const Deployment& deployment);
/// A file to be filled in: keys where they are known.
std::string draft_of(const Deployment& deployment);

/// The source of oblivious transfers of that name; UsageError, with the nearest, where there is none.
ot::Source transfers_named(const std::string& name);

}  // namespace tacit
