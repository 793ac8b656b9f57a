// Parties and owners that meet over TLS on free ports of this machine, each in a thread of one process, if
// wanted by way of proxies that cut their connections.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "tacit/net/testing/cutting_proxy.h"
#include "tacit/net/transports/tls.h"

namespace tacit::testing {

struct Town {
  std::vector<Identity> identities;
  std::vector<FileDescriptor> listeners;
  std::vector<Endpoint> roster;
  std::size_t parties;
  /// By who dials and who is dialled.
  std::map<std::pair<std::size_t, std::size_t>, std::unique_ptr<CuttingProxy>> proxies;
  std::function<void(std::size_t, const std::string&)> progress;      ///< of whom; may be empty
  std::function<std::optional<Endpoint>(const PublicKey&)> newcomer;  ///< of every party; may be empty

  /// "party0" and so on; owners are named on in the same way.
  explicit Town(std::size_t n, std::size_t owners = 0);
  std::unique_ptr<TlsTransport> join(std::size_t i,
                                     std::chrono::milliseconds patience = std::chrono::seconds(5),
                                     std::chrono::milliseconds connect = std::chrono::seconds(10));
  /// From now on `from` dials `to` by way of a proxy.
  CuttingProxy& between(std::size_t from, std::size_t to);
};

/// Runs one body an endpoint in threads of their own; what each threw.
std::vector<std::string> run_each(std::size_t n, const std::function<void(std::size_t)>& body);
/// Bytes that follow from a seed.
Bytes pattern(std::size_t size, std::uint64_t seed);

}  // namespace tacit::testing
