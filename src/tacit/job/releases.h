// Telling recipients what the policy allows: within the computation by opening, to owners over their links.
// Every release is one permit and one ledger line at every party.
#pragma once

#include <functional>

#include "tacit/base/error.h"
#include "tacit/job/job.h"
#include "tacit/net/channel.h"
#include "tacit/secret/gate.h"

namespace tacit {

/// What an owner is told with a release; `words` is the shape's product of ring elements.
struct ReleaseHead {
  std::string what;
  std::string note;  ///< "step 40", "fc1.weight", ...
  Shape shape;
  unsigned frac = 0;
};
std::string to_text(const ReleaseHead&);
/// PeerError, in the party's name, for anything malformed.
ReleaseHead parse_release_head(std::string_view text, const std::string& party);

class Releases {
 public:
  /// `owners` are channels to owners, indexed by PartyId; null for those who are not connected.
  Releases(const Job& job, Engine& engine, std::span<Channel* const> owners)
      : policy_(job.releases, job.names()), engine_(engine), owners_(owners) {}

  bool allows(std::string_view what) const { return policy_.allows(what); }
  RevealPolicy& policy() { return policy_; }
  const Ledger& ledger() const { return ledger_; }
  /// Continues those of earlier sessions: how often each rule was used, and the ledger.
  void resume(std::vector<std::uint64_t> used, std::vector<Disclosure> lines) {
    policy_.resume(std::move(used));
    ledger_ = Ledger(std::move(lines));
  }
  /// Told of owners that cannot be reached, who are then passed over. Without it they end the run.
  std::function<void(PartyId, const PeerError&)> lost;

  /// Reveals under one permit; the numbers, if this party is a recipient.
  template <class E>
  std::optional<PublicTensor> release(std::string_view what, const std::string& note,
                                      const Secret<E>& secret) {
    const Shape shape = secret.shape();
    return tell(what, note, shape, Gate::reveal(engine_, ledger_, secret, policy_.permit(what)));
  }

 private:
  std::optional<PublicTensor> tell(std::string_view what, const std::string& note, const Shape& shape,
                                   Revealed revealed);

  RevealPolicy policy_;
  Ledger ledger_;
  Engine& engine_;
  std::span<Channel* const> owners_;
};

}  // namespace tacit
