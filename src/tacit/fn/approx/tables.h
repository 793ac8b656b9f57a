// The functions that are approximated piece by piece, with the interval and the error of each. A test
// measures every error that stands here.
#pragma once

#include <span>

#include "tacit/mpc/piecewise.h"

namespace tacit::fn {

extern const Piecewise kExp;              ///< [-15, 0]
extern const Piecewise kExpWide;          ///< [-16, 10.39]
extern const Piecewise kSigmoid;          ///< [-16, 15]
extern const Piecewise kTanh;             ///< [-8, 7.5]
extern const Piecewise kErf;              ///< [-4, 3.5]
extern const Piecewise kGelu;             ///< [-8, 7.5]
extern const Piecewise kGeluSlope;        ///< [-8, 7.5]
extern const Piecewise kGeluByTanh;       ///< [-8, 7.5]
extern const Piecewise kGeluByTanhSlope;  ///< [-8, 7.5]
extern const Piecewise kReciprocalTo16;   ///< [1, 16.5]
extern const Piecewise kReciprocalTo64;   ///< [1, 64.5]
extern const Piecewise kLogTo16;          ///< [1, 16.5]
extern const Piecewise kLogTo64;          ///< [1, 64.5]
// On mantissas, [1/4, 1]:
extern const Piecewise kReciprocalMantissa;
extern const Piecewise kRsqrtMantissa;
extern const Piecewise kSqrtMantissa;
extern const Piecewise kLogMantissa;

std::span<const Piecewise* const> all_tables();

}  // namespace tacit::fn
