// A Real and a Wide have different digits: adding them takes a lift.
// expect: no matching function for call to .add
#include "tacit/fn/linear.h"

tacit::Secret<tacit::Wide> sum(tacit::fn::Ctx& ctx, const tacit::Secret<tacit::Wide>& a,
                               const tacit::Secret<tacit::Real>& b) {
#ifdef MUST_FAIL
  return tacit::fn::add(ctx, a, b);
#else
  return tacit::fn::add(ctx, a, tacit::fn::lift(ctx, b));
#endif
}
