#include "tacit/job/step_numbers.h"

namespace tacit {

std::vector<const Secret<Real>*> numbers_before_gradients(const nn::Graph& graph,
                                                          const nn::ForwardInfo& info) {
  std::vector<const Secret<Real>*> out{&info.batch.features, &info.batch.targets};
  for (const nn::Node& node : graph.nodes) {
    const auto& value = info.tape.values[node.output];
    if (value && value->is_secret()) out.push_back(&value->secret("comparing runs"));
  }
  out.push_back(&info.output_gradient);
  return out;
}

std::vector<const Secret<Real>*> numbers_after(const nn::TrainState& state) {
  std::vector<const Secret<Real>*> out;
  for (const auto& p : state.parameters) out.push_back(&p);
  for (const auto* s : state.optimiser->state()) out.push_back(s);
  return out;
}

}  // namespace tacit
