// Two secrets cannot be compared in the open: fn::less gives a secret bit.
// expect: use of deleted function
#include "tacit/secret/secret.h"

bool same(const tacit::Secret<tacit::Real>& a, const tacit::Secret<tacit::Real>& b) {
#ifdef MUST_FAIL
  return a == b;
#else
  return a.shape() == b.shape();
#endif
}
