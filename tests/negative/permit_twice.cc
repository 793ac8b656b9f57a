// A permit serves one reveal: it moves, and cannot be copied.
// expect: use of deleted function .*RevealPermit
#include "tacit/secret/gate.h"

void twice(tacit::Engine& engine, tacit::Ledger& ledger, const tacit::Secret<tacit::Real>& x,
           tacit::RevealPermit permit) {
#ifdef MUST_FAIL
  tacit::RevealPermit copy = permit;
  tacit::Gate::reveal(engine, ledger, x, std::move(copy));
#endif
  tacit::Gate::reveal(engine, ledger, x, std::move(permit));
}
