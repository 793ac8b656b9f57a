// A secret cannot decide a branch: choosing is fn::select.
// expect: use of deleted function
#include "tacit/fn/compare.h"

int choose(const tacit::Secret<tacit::Bit>& bit) {
#ifdef MUST_FAIL
  if (bit) return 1;
#endif
  return static_cast<int>(bit.size());
}
