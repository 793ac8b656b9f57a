// How bilinear maps become matrix products (or plain loops). Internal to ring/: callers use bilinear.h.
#pragma once

#include "tacit/ring/bilinear.h"

namespace tacit {

void evaluate_elementwise(const Compute&, const Bilinear&, Field, std::span<const BilinearTerm>,
                          std::size_t begin, std::size_t end, Word* out);
void evaluate_by_gemm(const Compute&, const Bilinear&, Field, const Shape& a, const Shape& b,
                      std::span<const BilinearTerm>, std::size_t begin, std::size_t end, RingTensor& out);

}  // namespace tacit
