// The one door between Secret and the world. Every reveal consumes a permit and writes a line in the ledger.
#pragma once

#include "tacit/secret/policy.h"
#include "tacit/secret/secret.h"

namespace tacit {

struct Revealed {
  std::optional<PublicTensor> opened;  ///< at parties among the recipients
  /// This party's summand for recipients who are no parties, with its fractional bits: they add all parties'
  /// words.
  std::optional<RingTensor> summand;
  unsigned frac = 0;
  PartySet recipients;
};

class Gate {
 public:
  /// Reveals to the permit's recipients: to compute parties by opening among them, to others by what this
  /// party then has to send there.
  template <class E>
  static Revealed reveal(Engine& engine, Ledger& ledger, const Secret<E>& secret, RevealPermit&& permit) {
    return reveal_share(engine, ledger, secret.share_, RevealPermit(std::move(permit)));
  }

  template <class E>
  static Secret<E> seal(Share share, ShareKey) {
    return Secret<E>(std::move(share));
  }
  template <class E>
  static const Share& look(const Secret<E>& secret, ShareKey) {
    return secret.share_;
  }
  template <class E>
  static Share take(Secret<E>&& secret, ShareKey) {
    return std::move(secret.share_);
  }

 private:
  static Revealed reveal_share(Engine&, Ledger&, const Share&, RevealPermit used);
};

}  // namespace tacit
