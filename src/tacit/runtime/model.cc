#include "tacit/runtime/model.h"

#include <string.h>

#include <algorithm>
#include <mutex>

#include "tacit/base/error.h"

namespace tacit::runtime {

namespace {

/// Plans, and workspaces, that are kept for the next run.
constexpr std::size_t kPlans = 16, kWorkspaces = 4;

bool has_numbers(const nn::ValueInfo& v) {
  return v.kind != nn::ValueInfo::Kind::Input && v.kind != nn::ValueInfo::Kind::Result;
}

template <class T>
void forget(std::vector<T>& numbers) {
  if (!numbers.empty()) ::explicit_bzero(numbers.data(), numbers.size() * sizeof(T));
  numbers = {};
}

}  // namespace

struct Model::State {
  State(nn::Graph g, Memory& m, Workers& w, Isa isa)
      : graph(std::move(g)), memory(m), workers(w), kernels(float_kernels(isa)) {
    for (nn::ValueInfo& v : graph.values) {
      weights.numbers.emplace_back(memory, has_numbers(v) ? v.initial.values.size() : 0);
      weights.given.push_back(v.floats.empty() ? nullptr : v.floats.data());
      std::transform(v.initial.values.begin(), v.initial.values.end(), weights.numbers.back().data(),
                     [](double x) { return static_cast<float>(x); });
      if (has_numbers(v) && v.kind != nn::ValueInfo::Kind::Constant) forget(v.initial.values);
    }
    idle.reserve(kWorkspaces);  // giving one back must not fail
    compute_own(graph, weights, kernels, memory, workers);
    items = items_of(graph);
    for (std::size_t i = 0; i < items.size(); ++i)
      weights.packs.push_back(std::make_unique<Packs>(Packs{memory}));
    for (const nn::ValueId id : graph.inputs) inputs.push_back(graph.values[id].shape);
    auto first = std::make_shared<const Plan>(graph, items, weights, kernels, inputs);
    for (nn::ValueId id = 0; id < graph.values.size(); ++id) {
      std::vector<float>& given = graph.values[id].floats;
      if (!first->needed()[id]) {
        weights.numbers[id] = Buffer();
      } else if (!given.empty()) {
        weights.numbers[id] = Buffer(memory, given.size());
        std::copy(given.begin(), given.end(), weights.numbers[id].data());
      }
      weights.given[id] = nullptr;
      forget(given);
    }
    plans.emplace(inputs, std::move(first));
  }

  /// A workspace for one run, given back at its end.
  class Borrowed {
   public:
    Borrowed(State& state, std::size_t numbers) : state_(state) {
      {
        const std::lock_guard lock(state.mutex);
        const auto fits = std::find_if(state.idle.begin(), state.idle.end(),
                                       [&](const Buffer& b) { return b.size() >= numbers; });
        if (fits != state.idle.end()) {
          buffer_ = std::move(*fits);
          state.idle.erase(fits);
          return;
        }
      }
      buffer_ = Buffer(state.memory, numbers);
    }
    ~Borrowed() {
      Buffer spare;  // freed, and zeroed, once the lock is
      const std::lock_guard lock(state_.mutex);
      if (state_.idle.size() == kWorkspaces) {
        // The smallest goes: a larger one does its work, too.
        const auto least =
            std::min_element(state_.idle.begin(), state_.idle.end(),
                             [](const Buffer& a, const Buffer& b) { return a.size() < b.size(); });
        if (least->size() >= buffer_.size()) return;
        spare = std::move(*least);
        state_.idle.erase(least);
      }
      state_.idle.push_back(std::move(buffer_));
    }
    float* data() { return buffer_.data(); }

   private:
    State& state_;
    Buffer buffer_;
  };

  nn::Graph graph;
  Memory& memory;
  Workers& workers;
  const FloatKernels& kernels;
  std::vector<Item> items;
  Weights weights;
  std::vector<Shape> inputs;
  std::mutex mutex;  ///< of what follows
  std::map<std::vector<Shape>, std::shared_ptr<const Plan>> plans;
  std::vector<Buffer> idle;
};

Model::Model(nn::Graph graph, Memory& memory, Workers& workers, Isa isa)
    : state_(std::make_unique<State>(std::move(graph), memory, workers, isa)) {}
Model::~Model() = default;

const std::vector<Shape>& Model::inputs() const { return state_->inputs; }

std::shared_ptr<const Plan> Model::plan(const std::vector<Shape>& inputs) const {
  State& s = *state_;
  {
    const std::lock_guard lock(s.mutex);
    const auto found = s.plans.find(inputs);
    if (found != s.plans.end()) return found->second;
  }
  auto made = std::make_shared<const Plan>(s.graph, s.items, s.weights, s.kernels, inputs);
  const std::lock_guard lock(s.mutex);
  if (s.plans.size() >= kPlans) s.plans.clear();
  return s.plans.emplace(inputs, std::move(made)).first->second;
}

void Model::run(const Plan& plan, std::span<const float* const> in, std::span<float* const> out) const {
  State& s = *state_;
  State::Borrowed workspace(s, plan.workspace(s.workers.threads()));
  plan.run(s.weights, s.kernels, s.workers, workspace.data(), in, out);
}

std::vector<FloatTensor> Model::run(std::span<const FloatTensor> inputs) const {
  std::vector<Shape> shapes;
  std::vector<const float*> in;
  for (const FloatTensor& t : inputs) {
    require(t.values.size() == elements(t.shape), "a tensor of shape {} has {} numbers", to_string(t.shape),
            t.values.size());
    shapes.push_back(t.shape);
    in.push_back(t.values.data());
  }
  const auto ready = plan(shapes);
  std::vector<FloatTensor> out;
  std::vector<float*> to;
  for (const Shape& shape : ready->outputs()) out.push_back({shape, std::vector<float>(elements(shape))});
  for (FloatTensor& t : out) to.push_back(t.values.data());
  run(*ready, in, to);
  return out;
}

std::size_t Model::weight_numbers() const {
  std::size_t n = 0;
  for (const Buffer& b : state_->weights.numbers) n += b.size();
  for (const auto& packs : state_->weights.packs)
    for (const PackedMatrix& m : packs->matrices) n += m.numbers();
  return n;
}

}  // namespace tacit::runtime
