// The makers of steps, one list a file, for step.cc, and what they share.
#pragma once

#include <span>

#include "tacit/runtime/step.h"

namespace tacit::runtime {

struct Maker {
  const nn::Op* op;
  StepMaker make;
  bool clamps = false;
};

std::span<const Maker> function_makers();  ///< of one number
std::span<const Maker> pair_makers();      ///< of several tensors, number by number
std::span<const Maker> layout_makers();    ///< the same numbers in other places
std::span<const Maker> row_makers();       ///< sums, maxima, softmax, norms
std::span<const Maker> product_makers();   ///< matrices
std::span<const Maker> window_makers();    ///< convolutions and pools

/// max(x, low), then min with high, of n numbers where they are.
void clamp(const FloatKernels& kernels, std::size_t n, float low, float high, float* x);
inline void clamp_if(const Work& work, bool clamped, float low, float high, std::size_t n, float* x) {
  if (clamped) clamp(work.kernels, n, low, high, x);
}
/// A step without anything to do.
Step the_operand_itself();

}  // namespace tacit::runtime
