// The operators by name, for table.cc and for code that builds graphs. To add one: a file beside this, and one
// line here and in table.cc.
#pragma once

#include "tacit/nn/ops/op.h"

namespace tacit::nn {

extern const Op kAdd, kConv, kFlatten, kGemm, kIdentity, kMatMul, kMaxPool, kMul, kNeg, kRelu, kReshape, kSub;

}  // namespace tacit::nn
