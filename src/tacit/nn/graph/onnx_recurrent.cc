// LSTM, GRU and RNN written out step by step, by the formulas of ONNX's specification. The products with the
// inputs of all steps are one product, and so is a step's product with the state; two directions of one kind
// run side by side, which halves the rounds.
#include <algorithm>
#include <array>

#include "tacit/base/error.h"
#include "tacit/nn/graph/onnx_cells.h"
#include "tacit/nn/graph/onnx_lower.h"

namespace tacit::nn::onnx_io {

namespace {

/// Of a model with all its layers: a short file must not ask for more memory than an honest one needs.
constexpr std::size_t kMostNodes = std::size_t{1} << 17;
constexpr std::size_t kMostNodesOfAStep = 32;

constexpr std::size_t kBias = 3, kLengths = 4, kInitialH = 5, kInitialC = 6, kPeepholes = 7;

/// Parts are named after the first result that is not left out.
Step with_name(Step step) {
  for (const std::string& out : step.out)
    if (step.out[0].empty()) step.out[0] = out;
  if (step.name.empty()) step.name = clean(step.out[0]);
  return step;
}

bool all_zero(const TensorPtr& t) {
  return std::all_of(t->values.begin(), t->values.end(), [](double v) { return v == 0; });
}

class Recurrent {
 public:
  Recurrent(Builder& builder, const Step& step)
      : builder_(builder), step_(with_name(step)), kind_(cell_kind(step.op)), to_(builder, step_) {
    for (std::size_t i = 0; i < wanted_.size(); ++i) wanted_[i] = i < step.out.size() && !step.out[i].empty();
  }

  std::vector<Operand> run() {
    read_form();
    read_lengths();
    const auto all = activations_of(step_, kind_, directions_);
    require(builder_.graph().nodes.size() + steps_ * directions_ * kMostNodesOfAStep <= kMostNodes,
            "{} runs {} steps, and the model then has more than {} operators; use shorter sequences",
            step_.what(), steps_, kMostNodes);
    project();
    steps_of_.resize(directions_);
    const std::size_t each = all.size() / directions_;
    const auto middle = all.begin() + static_cast<std::ptrdiff_t>(each);
    if (directions_ == 2 && !std::equal(all.begin(), middle, middle, all.end())) {
      run(0, 1, {all.begin(), middle});
      run(1, 2, {middle, all.end()});
    } else {
      run(0, directions_, {all.begin(), middle});
    }
    return results();
  }

 private:
  void expect_shape(std::size_t i, std::string_view name, const Shape& want) const {
    if (!step_.has(i)) return;
    for (const Shape* got : {&builder_.shape(step_.in[i]), &builder_.shape_of_two(step_.in[i])})
      require(*got == want, "{} has '{}' of shape {}, and needs {}", step_.what(), name, to_string(*got),
              to_string(want));
  }

  void read_form() {
    static constexpr std::string_view kNames[] = {"X", "W", "R"};
    for (std::size_t i = 0; i < 3; ++i) require(step_.has(i), "{} lacks its '{}'", step_.what(), kNames[i]);
    const std::string direction = step_.attrs.text("direction", "forward");
    require(direction == "forward" || direction == "reverse" || direction == "bidirectional",
            "{} runs in the direction '{}'; use forward, reverse or bidirectional", step_.what(),
            printable(direction));
    directions_ = direction == "bidirectional" ? 2 : 1;
    first_is_reverse_ = direction == "reverse";
    batch_first_ = step_.attrs.integer("layout", 0) != 0;
    clip_ = step_.attrs.real("clip", 0);
    require(clip_ > 0 || !step_.attrs.has("clip"), "{} clips at {}; use a number above 0", step_.what(),
            clip_);
    if (clip_ >= 1e30) clip_ = 0;  // so large that it stands for none
    require(builder_.shape(step_.in[0]).size() == 3,
            "{} takes steps, examples and features, not a tensor of shape {}", step_.what(),
            to_string(builder_.shape(step_.in[0])));
    x_ = batch_first_ ? to_.transposed(step_.in[0], {1, 0, 2}, "steps_first") : step_.in[0];
    const Shape &shape = builder_.shape(x_), &of_two = builder_.shape_of_two(x_);
    require(
        shape[0] == of_two[0] && shape[2] == of_two[2],
        "{} takes a step for each example of a batch; export the model with the batch as the first axis of "
        "its inputs",
        step_.what());
    whole_ = steps_ = shape[0];
    features_ = shape[2];
    batch_ = shape[1], batch_of_two_ = of_two[1];
    const Shape& r = builder_.shape(step_.in[2]);
    require(r.size() == 3 && r[2] > 0, "{} has an 'R' of shape {}", step_.what(), to_string(r));
    hidden_ = r[2];
    const std::int64_t said = step_.attrs.integer("hidden_size", static_cast<std::int64_t>(hidden_));
    require(said == static_cast<std::int64_t>(hidden_), "{} has the hidden size {}, and an 'R' of shape {}",
            step_.what(), said, to_string(r));
    gates_ = kind_.gates * hidden_;
    expect_shape(1, "W", {directions_, gates_, features_});
    expect_shape(2, "R", {directions_, gates_, hidden_});
    expect_shape(kBias, "B", {directions_, 2 * gates_});
    if (kind_.op == "LSTM") expect_shape(kPeepholes, "P", {directions_, 3 * hidden_});
  }

  /// All examples have one length; beyond it results are 0.
  void read_lengths() {
    require(steps_ > 0, "{} has a sequence of no steps", step_.what());
    if (!step_.has(kLengths)) return;
    const Operand& lengths = step_.in[kLengths];
    require(lengths.numbers(),
            "{} takes its 'sequence_lens' from data, and how many steps run must be known before; pad the "
            "sequences, and leave the lengths out",
            step_.what());
    std::vector<std::int64_t> all = integers_of(*lengths.first(), "sequence_lens");
    const auto more = integers_of(*lengths.second(), "sequence_lens");
    all.insert(all.end(), more.begin(), more.end());
    require(
        !all.empty() && std::all_of(all.begin(), all.end(), [&](std::int64_t n) { return n == all[0]; }),
        "{} has sequences of several lengths, and tacit runs one for all; pad the sequences, and leave the "
        "lengths out",
        step_.what());
    require(all[0] > 0 && static_cast<std::uint64_t>(all[0]) <= whole_, "{} has a length of {} in {} steps",
            step_.what(), all[0], whole_);
    steps_ = static_cast<std::size_t>(all[0]);
  }

  /// The products of all steps' inputs, and what steps need besides.
  void project() {
    const auto directions = static_cast<std::int64_t>(directions_), gates = static_cast<std::int64_t>(gates_),
               columns = directions * gates;
    const Operand rows =
        to_.reshaped(step_.in[1], {columns, static_cast<std::int64_t>(features_)}, "input_rows");
    projected_ = to_.node("MatMul", "inputs", {x_, to_.transposed(rows, {1, 0}, "input_weights")});
    weights_ = to_.transposed(step_.in[2], {0, 2, 1}, "state_weights");
    reset_after_ = kind_.op == "GRU" && step_.attrs.integer("linear_before_reset", 0) != 0;
    if (step_.has(kBias)) {
      const Operand both = to_.reshaped(step_.in[kBias], {directions, 2, gates}, "biases");
      Operand bias;
      if (reset_after_) {
        // What is reset is the product with its bias, which therefore stays apart.
        bias = to_.slice(both, 1, 0, 1, "input_biases");
        state_bias_ = to_.slice(both, 1, 1, 2, "state_bias");
      } else {
        bias = to_.node("ReduceSum", "input_biases", {both, to_.integers("bias_axes", {1})},
                        {{"keepdims", std::int64_t{0}}});
      }
      projected_ = to_.sum(projected_, to_.reshaped(bias, {columns}, "bias"), "biased");
    }
    if (kind_.op == "LSTM" && step_.has(kPeepholes))
      peepholes_ =
          to_.reshaped(step_.in[kPeepholes], {directions, 1, static_cast<std::int64_t>(3 * hidden_)}, "P");
    initial_.h = initial(kInitialH, "initial_h");
    if (kind_.op == "LSTM") initial_.c = initial(kInitialC, "initial_c");
  }

  /// [directions, examples or 1, hidden]; absent if it is zero, which exporters write as if it were a weight.
  Operand initial(std::size_t i, std::string_view name) {
    if (!step_.has(i)) return {};
    Operand s = step_.in[i];
    if (s.numbers() && all_zero(s.first()) && all_zero(s.second())) return {};
    const Shape given = builder_.shape(s);
    const auto fits = [&](const Shape& shape, std::size_t batch) {
      const bool three = shape.size() == 3;
      const std::size_t at = batch_first_ ? 0 : 1;
      return three && (shape[at] == batch || shape[at] == 1) && shape[1 - at] == directions_ &&
             shape[2] == hidden_;
    };
    require(fits(given, batch_) && fits(builder_.shape_of_two(s), batch_of_two_),
            "{} has an '{}' of shape {}, which does not fit a batch, {} directions and {} hidden numbers; "
            "export the model for one example, or with an open batch",
            step_.what(), name, to_string(given), directions_, hidden_);
    if (batch_first_) s = to_.transposed(s, {1, 0, 2}, fmt::format("{}_turned", name));
    if (s.is != Operand::Is::Known || s.one->shape == s.two->shape) return s;
    // Of the batch's size, and the same for every example: then it stands once.
    const std::vector<double>&one = s.one->values, &two = s.two->values;
    for (std::size_t k = 0; k < two.size(); ++k)
      require(two[k] == one[k / (2 * hidden_) * hidden_ + k % hidden_],
              "{} starts the examples of a batch from different numbers in '{}'; make it one state for all",
              step_.what(), name);
    return known(fmt::format("{}.{}", step_.out[0], name), *s.one);
  }

  /// The directions from `first` to before `end`, side by side.
  void run(std::size_t first, std::size_t end, std::vector<CellActivation> activations) {
    const auto own = [&](const Operand& x, std::string_view name) {
      return x.present() ? to_.slice(x, 0, first, end, fmt::format("{}_{}", name, first)) : x;
    };
    Cell cell{kind_.op, hidden_, std::move(activations), clip_, false, reset_after_, {}, {}, {}, {}};
    cell.coupled = step_.attrs.integer("input_forget", 0) != 0;
    cell.weights = own(weights_, "weights");
    cell.bias = own(state_bias_, "bias");
    cell.peepholes = own(peepholes_, "peepholes");
    if (kind_.op == "GRU" && !reset_after_) {
      cell.new_weights = to_.slice(cell.weights, 2, 2 * hidden_, gates_, fmt::format("weights_n_{}", first));
      cell.weights = to_.slice(cell.weights, 2, 0, 2 * hidden_, fmt::format("weights_zr_{}", first));
    }
    CellState state{own(initial_.h, "h"), own(initial_.c, "c")};
    for (std::size_t s = 0; s < steps_; ++s) {
      to_.set_prefix(fmt::format("step{}{}.", s + 1, first > 0 ? "_back" : ""));
      std::vector<Operand> inputs;
      for (std::size_t d = first; d < end; ++d) {
        const std::size_t t = time_of(d, s);
        inputs.push_back(to_.slice(to_.slice(projected_, 0, t, t + 1, fmt::format("x{}", d + 1)), 2,
                                   d * gates_, (d + 1) * gates_, fmt::format("input{}", d + 1)));
      }
      state = cell_step(to_, cell, to_.joined(inputs, 0, "inputs"), state);
      for (std::size_t d = first; d < end; ++d)
        steps_of_[d].push_back(
            wanted_[0] ? to_.slice(state.h, 0, d - first, d - first + 1, fmt::format("h{}", d + 1))
                       : state.h);
    }
    to_.set_prefix("");
    last_h_.push_back(state.h);
    last_c_.push_back(state.c);
  }
  std::size_t time_of(std::size_t direction, std::size_t step) const {
    return direction == 1 || first_is_reverse_ ? steps_ - 1 - step : step;
  }

  std::vector<Operand> results() {
    std::vector<Operand> out(step_.out.size());
    if (wanted_[0]) out[0] = all_steps();
    const auto last = [&](const std::vector<Operand>& states, std::string_view name) {
      const Operand y = to_.joined(states, 0, name);
      return batch_first_ ? to_.transposed(y, {1, 0, 2}, fmt::format("{}_turned", name)) : y;
    };
    if (wanted_[1]) out[1] = last(last_h_, "last_h");
    if (wanted_[2] && kind_.op == "LSTM") out[2] = last(last_c_, "last_c");
    return out;
  }

  /// [steps, directions, examples, hidden], or with the examples first.
  Operand all_steps() {
    std::vector<Operand> directions;
    for (std::size_t d = 0; d < directions_; ++d) {
      std::vector<Operand> in_time(steps_);
      for (std::size_t s = 0; s < steps_; ++s) in_time[time_of(d, s)] = steps_of_[d][s];
      Operand y = to_.joined(in_time, 0, fmt::format("y{}", d + 1));
      if (steps_ < whole_)
        y = to_.node("Pad", fmt::format("padded{}", d + 1),
                     {y, to_.integers("pads", {0, 0, 0, static_cast<std::int64_t>(whole_ - steps_), 0, 0})});
      directions.push_back(
          to_.node("Unsqueeze", fmt::format("axis{}", d + 1), {y, to_.integers("y_axes", {1})}));
    }
    const Operand y = to_.joined(directions, 1, "y");
    return batch_first_ ? to_.transposed(y, {2, 0, 1, 3}, "batch_first") : y;
  }

  Builder& builder_;
  Step step_;
  const CellKind& kind_;
  PartWriter to_;
  std::array<bool, 3> wanted_ = {};  ///< Y, Y_h, Y_c
  std::size_t directions_ = 1, hidden_ = 0, gates_ = 0, features_ = 0, batch_ = 0, batch_of_two_ = 0;
  std::size_t whole_ = 0, steps_ = 0;  ///< of the sequence, and those that run
  bool first_is_reverse_ = false, batch_first_ = false, reset_after_ = false;
  double clip_ = 0;
  Operand x_, projected_, weights_, state_bias_, peepholes_;
  CellState initial_;
  std::vector<std::vector<Operand>> steps_of_;  ///< [direction][step]: states, if the first result is wanted
  std::vector<Operand> last_h_, last_c_;
};

}  // namespace

std::vector<Operand> lower_recurrent(Builder& builder, const Step& step) {
  return Recurrent(builder, step).run();
}

}  // namespace tacit::nn::onnx_io
