#include "tacit/nn/ops/ops.h"

namespace tacit::nn {

std::span<const Op* const> all_ops() {
  static constexpr const Op* kAll[] = {&kAbs,
                                       &kAdd,
                                       &kAnd,
                                       &kArgMax,
                                       &kAveragePool,
                                       &kBatchNormalization,
                                       &kClip,
                                       &kConcat,
                                       &kConv,
                                       &kDiv,
                                       &kDropout,
                                       &kElu,
                                       &kEqual,
                                       &kExp,
                                       &kExpand,
                                       &kFlatten,
                                       &kGather,
                                       &kGemm,
                                       &kGlobalAveragePool,
                                       &kGlobalMaxPool,
                                       &kGreater,
                                       &kGreaterOrEqual,
                                       &kHardSigmoid,
                                       &kHardSwish,
                                       &kIdentity,
                                       &kLeakyRelu,
                                       &kLess,
                                       &kLessOrEqual,
                                       &kLog,
                                       &kLogSoftmax,
                                       &kMatMul,
                                       &kMax,
                                       &kMaxPool,
                                       &kMin,
                                       &kMul,
                                       &kNeg,
                                       &kNot,
                                       &kOneHot,
                                       &kOr,
                                       &kPRelu,
                                       &kPad,
                                       &kPow,
                                       &kReciprocal,
                                       &kReduceL1,
                                       &kReduceL2,
                                       &kReduceMax,
                                       &kReduceMean,
                                       &kReduceMin,
                                       &kReduceSum,
                                       &kReduceSumSquare,
                                       &kRelu,
                                       &kReshape,
                                       &kRsqrt,
                                       &kSigmoid,
                                       &kSlice,
                                       &kSoftmax,
                                       &kSoftplus,
                                       &kSqrt,
                                       &kSqueeze,
                                       &kSub,
                                       &kSum,
                                       &kTanh,
                                       &kTile,
                                       &kTranspose,
                                       &kUnsqueeze,
                                       &kWhere,
                                       &kXor};
  return kAll;
}

const Op* find_op(std::string_view name) {
  for (const Op* op : all_ops())
    if (op->name == name) return op;
  return nullptr;
}

}  // namespace tacit::nn
