// The one door between Secret and the world. Every reveal consumes a permit and writes a line in the ledger.
#pragma once

#include "tacit/secret/policy.h"
#include "tacit/secret/secret.h"

namespace tacit {

class Gate {
 public:
  /// Reveals to compute parties; recipients get the numbers, others an empty tensor.
  template <class E>
  static PublicTensor reveal(Engine& engine, Ledger& ledger, const Secret<E>& secret, RevealPermit&& permit) {
    return open(engine, ledger, secret.share_, RevealPermit(std::move(permit)));
  }
  /// Reveals to an endpoint outside the computation: what this party has to send there.
  template <class E>
  static RingTensor deliver(Engine& engine, Ledger& ledger, const Secret<E>& secret, RevealPermit&& permit) {
    return summand(engine, ledger, secret.share_, RevealPermit(std::move(permit)));
  }

  template <class E>
  static Secret<E> seal(Share share, ShareKey) { return Secret<E>(std::move(share)); }
  template <class E>
  static const Share& look(const Secret<E>& secret, ShareKey) { return secret.share_; }
  template <class E>
  static Share take(Secret<E>&& secret, ShareKey) { return std::move(secret.share_); }

 private:
  static PublicTensor open(Engine&, Ledger&, const Share&, RevealPermit used);
  static RingTensor summand(Engine&, Ledger&, const Share&, RevealPermit used);
};

}  // namespace tacit
