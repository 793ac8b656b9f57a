// Locked memory is not copied by accident to where it is not locked.
// expect: use of deleted function .*LockedBytes
#include <utility>

#include "tacit/base/locked_bytes.h"

tacit::LockedBytes pass(tacit::LockedBytes& key) {
#ifdef MUST_FAIL
  return tacit::LockedBytes(key);
#else
  return tacit::LockedBytes(std::move(key));
#endif
}
