// A server of a deployment, for as long as it is wanted: joins the others, takes over what they prepared
// together before, keeps queries prepared ahead while nobody asks, and answers. The gateway sees who comes
// and says what all do next; users fail by themselves, and the service goes on.
#pragma once

#include "tacit/job/run_party.h"
#include "tacit/serve/deployment.h"
#include "tacit/serve/phase_cost.h"
#include "tacit/serve/pool.h"
#include "tacit/split/seco/parts.h"
#include "tacit/split/seco/query.h"

namespace tacit {

struct ServiceOptions {
  unsigned threads = 1;
  std::function<void(const Progress&)> progress;
  /// Ends in good order after so many answers; 0: never.
  std::size_t queries = 0;
  // Of the gateway of two parties (two_party.h):
  std::size_t at_once = 1;  ///< users that are answered at a time; others wait their turn
  /// Who lets the gateway wait for longer, while another user waits for a place, is left; 0: nobody.
  std::chrono::milliseconds give_way{0};
};

/// The queries that were prepared and not used when the report was made, and what became of others.
struct PoolReport {
  std::size_t depth = 0, taken_over = 0, discarded = 0;
  double oldest_seconds = 0;
  std::uint64_t bytes_on_disk = 0;
};
struct ServiceReport {
  PhaseCost setup, preparation, online;  ///< preparation and online: of all queries
  std::size_t prepared = 0, answered = 0;
  PoolReport pool;
};
nlohmann::json to_json(const PhaseCost& c);
nlohmann::json to_json(const ServiceReport& report);

/// The part as the deployment serves it: telling no more than its users get. UsageError if it is not of this
/// deployment, or not the one of that number: to be asked before anybody is met.
seco::Part deployed_part(const Deployment& deployment, seco::Part part, PartyId number);

/// What a server keeps on its disk between sessions. Whoever has it runs, alone.
struct ServerState {
  QueryNumbers numbers;
  std::optional<SealedItems> prepared;  ///< none where queries are prepared in memory
};
/// UsageError for what should not be there, or is somebody else's; IoError.
ServerState open_state(const Deployment& deployment, const seco::Part& part,
                       const std::filesystem::path& folder);

/// PeerError when another server fails, IoError when the disk does.
ServiceReport run_service(const Deployment& deployment, const seco::Part& part, ServerState state,
                          TlsTransport& users, Transport& wire, const ServiceOptions& options);

}  // namespace tacit
