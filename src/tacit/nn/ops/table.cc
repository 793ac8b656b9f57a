#include "tacit/nn/ops/ops.h"

namespace tacit::nn {

std::span<const Op* const> all_ops() {
  static constexpr const Op* kAll[] = {&kAdd, &kConv, &kFlatten, &kGemm, &kIdentity, &kMatMul,
                                       &kMaxPool, &kMul, &kNeg, &kRelu, &kReshape, &kSub};
  return kAll;
}

const Op* find_op(std::string_view name) {
  for (const Op* op : all_ops())
    if (op->name == name) return op;
  return nullptr;
}

}  // namespace tacit::nn
