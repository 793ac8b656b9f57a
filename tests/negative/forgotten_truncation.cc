// A product has twice the digits: it is no Real until it is truncated.
// expect: (could not convert|conversion from).*Wide.*Real
#include "tacit/fn/linear.h"

tacit::Secret<tacit::Real> square(tacit::fn::Ctx& ctx, const tacit::Secret<tacit::Real>& x) {
#ifdef MUST_FAIL
  return tacit::fn::mul(ctx, x, x);
#else
  return tacit::fn::trunc(ctx, tacit::fn::mul(ctx, x, x));
#endif
}
