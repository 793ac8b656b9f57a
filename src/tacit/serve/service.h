// A server of a deployment, for as long as it is wanted: joins the others, keeps queries prepared ahead while
// nobody asks, and answers. The gateway sees who comes and says what all do next; users fail by themselves,
// and the service goes on.
#pragma once

#include "tacit/job/run_party.h"
#include "tacit/serve/deployment.h"
#include "tacit/serve/numbers.h"
#include "tacit/serve/phase_cost.h"
#include "tacit/split/seco/parts.h"
#include "tacit/split/seco/query.h"

namespace tacit {

struct ServiceOptions {
  unsigned threads = 1;
  std::function<void(const Progress&)> progress;
  /// Ends in good order after so many answers; 0: never.
  std::size_t queries = 0;
};

struct ServiceReport {
  PhaseCost setup, preparation, online;  ///< preparation and online: of all queries
  std::size_t prepared = 0, answered = 0, depth = 0;
};
nlohmann::json to_json(const ServiceReport& report);

/// UsageError if the part is not of this deployment, or not the one of that number: to be asked before
/// anybody is met.
void require_part(const Deployment& deployment, const seco::Part& part, PartyId number);

/// PeerError when another server fails.
ServiceReport run_service(const Deployment& deployment, const seco::Part& part, QueryNumbers numbers,
                          TlsTransport& users, Transport& wire, const ServiceOptions& options);

}  // namespace tacit
