// What secure functions are called with.
#pragma once

#include "tacit/secret/secret.h"

namespace tacit::fn {

struct Ctx {
  Engine& mpc;
  unsigned frac;  ///< fractional bits of Real, the job's f

  /// Bits that decide the sign of a Real or of a difference of two: both lie in (-2^(62-f), 2^(62-f)).
  unsigned compare_width() const { return 64 - frac; }
};

}  // namespace tacit::fn
