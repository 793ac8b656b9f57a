#include "tacit/split/seco/substitutes.h"

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/nn/ops/ops.h"

namespace tacit::seco {

namespace {
struct Pair {
  const char *from, *to;
  const nn::Op &old_op, &new_op;
  bool keeps_attributes;
};
const Pair kPairs[] = {
    {"max-pool", "average-pool", nn::kMaxPool, nn::kAveragePool, true},
    {"ReLU6 and the like", "ReLU", nn::kClip, nn::kRelu, false},
};
}  // namespace

std::vector<Substitute> substitutes(const nn::Graph& graph, const Numbers& numbers) {
  std::vector<Substitute> out;
  for (const Pair& pair : kPairs) {
    nn::Graph other = graph;
    bool any = false;
    for (nn::Node& n : other.nodes) {
      if (n.op != &pair.old_op) continue;
      any = true;
      n.op = &pair.new_op;
      if (!pair.keeps_attributes) n.attrs = {};
    }
    if (!any) continue;
    try {
      out.push_back({pair.from, pair.to, split_model(other, numbers)});
    } catch (const UsageError&) {
      // An average-pool has rules of its own about padding: then there is nothing to propose.
    }
  }
  return out;
}

}  // namespace tacit::seco
