// The operators by name, for table.cc and for code that builds graphs. To add one: a file beside this, and
// one line here and in table.cc.
#pragma once

#include "tacit/nn/ops/op.h"

namespace tacit::nn {

extern const Op kAbs, kAdd, kAnd, kArgMax, kAveragePool, kBatchNormalization, kClip, kConcat, kConv, kDiv,
    kDropout, kElu, kEqual, kExp, kExpand, kFlatten, kGather, kGemm, kGlobalAveragePool, kGlobalMaxPool,
    kGreater, kGreaterOrEqual, kHardSigmoid, kHardSwish, kIdentity, kLeakyRelu, kLess, kLessOrEqual, kLog,
    kLogSoftmax, kMatMul, kMax, kMaxPool, kMin, kMul, kNeg, kNot, kOneHot, kOr, kPRelu, kPad, kPow,
    kReciprocal, kReduceL1, kReduceL2, kReduceMax, kReduceMean, kReduceMin, kReduceSum, kReduceSumSquare,
    kRelu, kReshape, kRsqrt, kSigmoid, kSlice, kSoftmax, kSoftplus, kSqrt, kSqueeze, kSub, kSum, kTanh, kTile,
    kTranspose, kUnsqueeze, kWhere, kXor;

}  // namespace tacit::nn
