#include "tacit/runtime/step.h"

#include "tacit/runtime/makers.h"

namespace tacit::runtime {

namespace {
const Maker* find(const nn::Op& op) {
  for (const auto list :
       {function_makers(), pair_makers(), layout_makers(), row_makers(), product_makers(), window_makers()})
    for (const Maker& m : list)
      if (m.op == &op) return &m;
  return nullptr;
}
}  // namespace

StepMaker maker_of(const nn::Op& op) {
  const Maker* m = find(op);
  return m == nullptr ? nullptr : m->make;
}
bool clamps(const nn::Op& op) {
  const Maker* m = find(op);
  return m != nullptr && m->clamps;
}

void clamp(const FloatKernels& kernels, std::size_t n, float low, float high, float* x) {
  const float bounds[] = {low, high};
  kernels.unary[static_cast<std::size_t>(Unary::Clamp)](n, x, bounds, x);
}

Step the_operand_itself() {
  Step s;
  s.alias = true;
  return s;
}

}  // namespace tacit::runtime
