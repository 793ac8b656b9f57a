// Only the Gate can have an engine open a share: the pass-key's constructor is private.
// expect: EngineKey::EngineKey\(\).* is private
#include "tacit/mpc/engine.h"

tacit::Word peek(tacit::Engine& engine, const tacit::Share& share) {
#ifdef MUST_FAIL
  return engine.open(share, tacit::PartySet(), tacit::EngineKey()).words[0];
#else
  return engine.trunc(share, 1).size();
#endif
}
