// exp, log, tanh, erf and what is made of them, for as many numbers as a register holds. Polynomials are
// ours, interpolated at Chebyshev's nodes in double precision; float_kernels_test.cc holds the results to
// double precision over all exponents. For *.isa.cc alone, as lanes.h.
#pragma once

#include "tacit/runtime/kernels/lanes.h"

namespace tacit::TACIT_ISA::lanes {

template <size_t N>
inline F polynomial(const float (&c)[N], F x) {
  F y = all(c[N - 1]);
#pragma GCC unroll 12
  for (size_t i = 1; i < N; ++i) y = y * x + c[N - 1 - i];
  return y;
}

// (e^r - 1 - r)/r² where |r| <= log(2)/2, to 6e-10 of 1.
constexpr float kExp[] = {0.5f, 0.166666672f, 0.0416664481f, 0.00833330862f, 0.00139354519f, 0.00019892992f};
// (2 artanh(s) - 2 s)/s³ in z = s², where 1/sqrt(2) <= (1 + s)/(1 - s) <= sqrt(2).
constexpr float kLog[] = {0.666666687f, 0.400001228f, 0.285508215f, 0.23330465f};
// (tanh(x) - x)/x³ in z = x², where |x| <= 0.625.
constexpr float kTanh[] = {-0.333333284f, 0.133327693f, -0.0538509078f, 0.0209971797f, -0.00609671418f};
// erf(x)/x in z = x², where |x| <= 1.
constexpr float kErf[] = {1.12837923f,    -0.376126379f,    0.112837821f,    -0.0268654302f,
                          0.00522103161f, -0.000848408032f, 0.000112659589f, -9.66704465e-06f};
// log(1 - erf(1 + u)), where 0 <= u <= 3.
constexpr float kLogErfc[] = {-1.84960556f,    -2.63896775f,     -0.84310472f,
                              -0.041575741f,   0.0100778081f,    -0.00205430086f,
                              0.000320239575f, -3.29608301e-05f, 1.6371514e-06f};
// log(2) in two parts, of which the first has few digits, so that small multiples of it are exact.
constexpr float kLog2High = 0.693359375f, kLog2Low = -2.12194440e-4f, kLog2e = 1.44269504f;
/// Added and taken away again, it rounds to a whole number, which stands in the last digits of the sum.
constexpr float kRounding = 12582912.0f;

inline F exp_of(F x) {
  x = larger(smaller(x, all(89.0f)), all(-104.0f));  // beyond, the result is 0 or infinite anyhow
  const F t = x * kLog2e + kRounding;
  const F whole = t - kRounding;
  const I n = bits_of(t) - bits_of(all(kRounding));
  const F r = x - whole * kLog2High - whole * kLog2Low;
  const F y = (r + r * r * polynomial(kExp, r)) + 1.0f;
  const I half = n >> 1;  // 2^n in two factors, so that it is itself no overflow
  return y * bits_of((half + 127) << 23) * bits_of((n - half + 127) << 23);
}

/// e^x - 1
inline F exp_less_one(F x) {
  const F near = x + x * x * polynomial(kExp, x);
  return magnitude(x) < 0.34f ? near : exp_of(x) - 1.0f;
}

inline F log_of(F x) {
  constexpr float kInfinity = __builtin_inff();
  const I tiny = x < 1.17549435e-38f;
  const F scaled = tiny ? x * 8388608.0f : x;
  const I digits = bits_of(scaled);
  F mantissa = bits_of((digits & 0x007fffff) | 0x3f800000);
  const I upper = mantissa > 1.41421356f;
  mantissa = upper ? mantissa * 0.5f : mantissa;
  const I exponent = (digits >> 23) - 127 - upper + (tiny & -23);  // true is -1
  const F e = __builtin_convertvector(exponent, F);
  const F f = mantissa - 1.0f, s = f / (f + 2.0f), z = s * s;
  const F r = f - s * (f - z * polynomial(kLog, z));
  F y = e * kLog2High + (r + e * kLog2Low);
  y = x == kInfinity ? x : y;
  y = x == 0.0f ? all(-kInfinity) : y;
  y = x < 0.0f ? all(__builtin_nanf("")) : y;
  return x != x ? x : y;
}

inline F tanh_of(F x) {
  const F z = x * x, a = magnitude(x);
  const F near = x + x * z * polynomial(kTanh, z);
  const F far = 1.0f - 2.0f / (exp_of(a + a) + 1.0f);
  return a < 0.625f ? near : with_sign(far, x);
}

inline F sigmoid_of(F x) { return 1.0f / (1.0f + exp_of(-x)); }

inline F erf_of(F x) {
  const F z = x * x, a = magnitude(x);
  const F u = larger(smaller(a - 1.0f, all(3.0f)), F{});
  const F far = 1.0f - exp_of(polynomial(kLogErfc, u));
  return a < 1.0f ? x * polynomial(kErf, z) : with_sign(far, x);
}

/// log(1 + e^x)
inline F softplus_of(F x) {
  const F u = exp_of(-magnitude(x)), w = u + 1.0f;
  // What the sum 1 + u lost of u is made up for.
  return larger(x, F{}) + (log_of(w) + (u - (w - 1.0f)) / w);
}

}  // namespace tacit::TACIT_ISA::lanes
