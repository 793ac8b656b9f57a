// A bit is no number: it takes to_real to calculate with it.
// expect: (invalid initialization|cannot convert|no matching function)
#include "tacit/fn/compare.h"

tacit::Secret<tacit::Wide> times(tacit::fn::Ctx& ctx, const tacit::Secret<tacit::Bit>& bit,
                                 const tacit::Secret<tacit::Real>& x) {
#ifdef MUST_FAIL
  return tacit::fn::mul(ctx, x, bit);
#else
  return tacit::fn::mul(ctx, x, tacit::fn::to_real(ctx, bit));
#endif
}
