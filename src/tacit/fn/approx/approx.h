// Functions of one variable. Each says on which arguments it holds and how far it can be off, in units of the
// last place (ulp = 2^-f) and relative to the result; arguments outside are clipped where that is said, and
// arbitrary results follow where it is not.
#pragma once

#include "tacit/fn/compare.h"

namespace tacit::fn {

/// e^x for x <= 0; below -15 the result is that of -15 (less than a unit for f <= 20). 3 ulp.
Secret<Real> exp_nonpositive(Ctx&, const Secret<Real>&);
/// e^x; clipped to [-16, 10.3]. 5 ulp (of f = 16, or of f if that is less) + 2^-13 of the result above 1.
Secret<Real> exp(Ctx&, const Secret<Real>&);
/// 1/(1 + e^-x) for all x. 3 ulp.
Secret<Real> sigmoid(Ctx&, const Secret<Real>&);
/// For all x. 3 ulp.
Secret<Real> tanh(Ctx&, const Secret<Real>&);

/// The error function, for all x. 3 ulp.
Secret<Real> erf(Ctx&, const Secret<Real>&);
/// 2/√π e^-x², its derivative, for all x. 8 ulp.
Secret<Real> erf_slope(Ctx&, const Secret<Real>&);
/// x Φ(x), Φ being the normal distribution's, and its derivative, for all x. 3 ulp. In the rounds of erf, and
/// without its product.
Secret<Real> gelu(Ctx&, const Secret<Real>&);
Secret<Real> gelu_slope(Ctx&, const Secret<Real>&);
/// The same with (1 + tanh √(2/π)(x + 0.044715 x³))/2 for Φ (Hendrycks, Gimpel 2016, "Gaussian error linear
/// units").
Secret<Real> gelu_by_tanh(Ctx&, const Secret<Real>&);
Secret<Real> gelu_by_tanh_slope(Ctx&, const Secret<Real>&);
/// ln(1 + e^x) for all x. 5 ulp.
Secret<Real> softplus(Ctx&, const Secret<Real>&);

/// 1/x for 1 <= x <= limit. 3 ulp.
Secret<Real> reciprocal_up_to(Ctx&, const Secret<Real>&, double limit);
/// ln x for 1 <= x <= limit. 3 ulp.
Secret<Real> log_up_to(Ctx&, const Secret<Real>&, double limit);

// For 2^-f <= |x| < 2^(62-2f) (x > 0 but for the reciprocal); relative error 2^-13 + 2 ulp.
Secret<Real> reciprocal(Ctx&, const Secret<Real>&);
Secret<Real> rsqrt(Ctx&, const Secret<Real>&);
Secret<Real> sqrt(Ctx&, const Secret<Real>&);
Secret<Real> log(Ctx&, const Secret<Real>&);

/// a/b with the reciprocal's bounds.
Secret<Real> divide(Ctx&, const Secret<Real>& a, const Secret<Real>& b);

/// Softmax along the last axis; `shifted` is x less its row's maximum, if the caller wants it.
struct Softmax {
  Secret<Real> probabilities;
  Secret<Real> shifted;
  Secret<Real> sum;  ///< of e^shifted, a row
};
Softmax softmax_last(Ctx&, const Secret<Real>&);

}  // namespace tacit::fn
