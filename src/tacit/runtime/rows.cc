#include "tacit/runtime/rows.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit::runtime {

namespace {

/// Examples at a time, at most, and numbers that lie between the layers for them, unless one example has
/// more.
constexpr std::size_t kMostRows = 256, kUsualNumbers = std::size_t{1} << 21;

Shape with_rows(const Shape& example, std::size_t rows) {
  Shape out = example;
  out.insert(out.begin(), rows);
  return out;
}

nn::Graph one_of_each(nn::Graph graph, const std::string& called) {
  require(graph.inputs.size() == 1 && graph.outputs.size() == 1,
          "{} has {} inputs and {} outputs, and cannot be asked: it needs one of each", called,
          graph.inputs.size(), graph.outputs.size());
  return graph;
}

}  // namespace

struct Rows::State {
  State(nn::Graph graph, std::string name, unsigned threads)
      : called(std::move(name)),
        workers(threads),
        model(one_of_each(std::move(graph), called), memory, workers) {
    example = model.inputs()[0];
    if (!example.empty()) example.erase(example.begin());
    const std::size_t one = model.plan({with_rows(example, 1)})->workspace(0);
    while (at_a_time < kMostRows && 2 * at_a_time * one <= kUsualNumbers) at_a_time *= 2;
  }

  std::string called;
  OrdinaryMemory memory;
  Workers workers;
  Model model;
  Shape example;
  std::size_t at_a_time = 1;
};

Rows::Rows(nn::Graph graph, std::string called, unsigned threads)
    : state_(std::make_unique<State>(std::move(graph), std::move(called), threads)) {}
Rows::~Rows() = default;

const Shape& Rows::example() const { return state_->example; }

PublicTensor Rows::run(const PublicTensor& examples) const {
  const State& s = *state_;
  require(!examples.shape.empty() && examples.shape[0] > 0 &&
              Shape(examples.shape.begin() + 1, examples.shape.end()) == s.example,
          "the examples have shape {}, and the model takes rows of {}", to_string(examples.shape),
          to_string(s.example));
  const std::size_t rows = examples.shape[0], width = elements(s.example);
  require(examples.values.size() == rows * width, "the examples have {} numbers where their shape needs {}",
          examples.values.size(), rows * width);
  PublicTensor out;
  for (std::size_t begin = 0; begin < rows; begin += s.at_a_time) {
    const std::size_t now = std::min(s.at_a_time, rows - begin);
    FloatTensor batch{with_rows(s.example, now), std::vector<float>(now * width)};
    std::transform(examples.values.begin() + static_cast<std::ptrdiff_t>(begin * width),
                   examples.values.begin() + static_cast<std::ptrdiff_t>((begin + now) * width),
                   batch.values.begin(), [](double v) { return static_cast<float>(v); });
    const FloatTensor answer = std::move(s.model.run({&batch, 1})[0]);
    require(!answer.shape.empty() && answer.shape[0] == now,
            "{} gives an output of shape {} for {} examples, which are no rows", s.called,
            to_string(answer.shape), now);
    if (out.shape.empty()) out.shape = answer.shape;
    out.values.insert(out.values.end(), answer.values.begin(), answer.values.end());
  }
  out.shape[0] = rows;
  return out;
}

}  // namespace tacit::runtime
