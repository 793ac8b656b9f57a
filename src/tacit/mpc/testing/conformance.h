// For tests only: engines of every protocol to run the same test on, and the key that opens shares.
#pragma once

#include "tacit/mpc/engine.h"
#include "tacit/party/testing/session.h"

namespace tacit::testing {

struct OpenSesame {
  static RingTensor open(Engine& engine, const Share& x);
  static RingTensor open(Engine& engine, const Share& x, PartySet to) {
    return engine.open(x, to, EngineKey());
  }
  static RingTensor summand(Engine& engine, const Share& x) { return engine.summand(x, EngineKey()); }
};

/// Bits of a Bool share that was opened, as words.
std::vector<Word> bits_as_words(const RingTensor& planes, std::size_t n);

}  // namespace tacit::testing
