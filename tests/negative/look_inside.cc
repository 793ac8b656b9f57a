// Only fn/ can look at a secret's share: the pass-key's constructor is private.
// expect: ShareKey::ShareKey\(\).* is private
#include "tacit/secret/gate.h"

tacit::Share steal(const tacit::Secret<tacit::Real>& x) {
#ifdef MUST_FAIL
  return tacit::Gate::look(x, tacit::ShareKey());
#else
  return x.size() == 0 ? tacit::Share() : throw 1;
#endif
}
