// fn/'s pass-key to shares. Internal to fn/: nothing above includes this.
#pragma once

#include "tacit/secret/gate.h"

namespace tacit::fn {

struct Access {
  template <class E>
  static Secret<E> seal(Share share) {
    return Gate::seal<E>(std::move(share), ShareKey());
  }
  template <class E>
  static const Share& look(const Secret<E>& secret) {
    return Gate::look(secret, ShareKey());
  }
  template <class E>
  static Share take(Secret<E>&& secret) {
    return Gate::take(std::move(secret), ShareKey());
  }
};

}  // namespace tacit::fn
