// The operators by name, for table.cc and for code that builds graphs. To add one: a file beside this, and
// one line here and in table.cc.
#pragma once

#include "tacit/nn/ops/op.h"

namespace tacit::nn {

extern const Op kAbs, kAdd, kAnd, kArgMax, kArgMin, kAveragePool, kBatchNormalization, kCelu, kClip, kConcat,
    kConv, kDiv, kDropout, kElu, kEqual, kErf, kExp, kExpand, kFlatten, kGather, kGelu, kGemm,
    kGlobalAveragePool, kGlobalMaxPool, kGreater, kGreaterOrEqual, kHardSigmoid, kHardSwish, kIdentity,
    kLayerNormalization, kLeakyRelu, kLess, kLessOrEqual, kLog, kLogSoftmax, kMatMul, kMax, kMaxPool, kMean,
    kMin, kMul, kNeg, kNot, kOneHot, kOr, kPRelu, kPad, kPow, kReciprocal, kReduceL1, kReduceL2,
    kReduceLogSumExp, kReduceMax, kReduceMean, kReduceMin, kReduceSum, kReduceSumSquare, kRelu, kReshape,
    kRsqrt, kSelu, kSigmoid, kSign, kSlice, kSoftmax, kSoftplus, kSoftsign, kSqrt, kSqueeze, kSub, kSum,
    kTanh, kThresholdedRelu, kTile, kTranspose, kUnsqueeze, kWhere, kXor;

}  // namespace tacit::nn
