#include "tacit/nn/graph/onnx_lower.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tacit/base/error.h"
#include "tacit/nn/graph/onnx_fold.h"

namespace tacit::nn::onnx_io {

namespace {

using Results = std::vector<Operand>;

bool is_recurrent(std::string_view op) { return op == "GRU" || op == "LSTM" || op == "RNN"; }
bool is_resize(std::string_view op) { return op == "Resize" || op == "Upsample"; }
bool is_window(std::string_view op) {
  return op == "AveragePool" || op == "Conv" || op == "GlobalAveragePool" || op == "GlobalMaxPool" ||
         op == "MaxPool";
}

Operand input_of(const Step& step, std::size_t i) {
  require(step.has(i), "{} lacks its input {}", step.what(), i + 1);
  return step.in[i];
}

/// The tensor itself, under its own name. Only live ones: of known ones the numbers are folded.
Results unchanged(const Step& step) { return {input_of(step, 0)}; }

Results identity(Builder& builder, const Step& step) {
  if (input_of(step, 0).is != Operand::Is::Known) return unchanged(step);
  return {builder.emit(step)};
}

/// Numbers of another type. Between floats nothing happens, and truth values are 0 and 1 already.
Results cast(Builder& builder, const Step& step) {
  Operand x = input_of(step, 0);
  if (x.is == Operand::Is::Known) return {builder.emit(step)};
  const Element to = element_of(static_cast<int>(step.attrs.integer("to")), step.what());
  const bool exact =
      to == Element::Float || to == x.element || (to == Element::Int && x.element == Element::Bool);
  require(exact,
          "{} rounds or tests numbers that are secret, which tacit does not do; compare with Greater instead",
          step.what());
  x.element = to;
  return {x};
}

/// Inference leaves it out. A file made for training keeps it, with half as the share that it drops if it
/// says none.
Results dropout(Builder& builder, Step step) {
  const bool training =
      step.has(2) && numbers_of(step.in[2], step, "training_mode")->values.at(0) != 0 && step.has(0);
  if (!training || find_op("Dropout") == nullptr) return unchanged(step);
  if (!step.has(1)) step.in[1] = known(step.out.at(0) + ".ratio", {Element::Float, {}, {0.5}});
  return {builder.emit(step)};
}

/// A bound so large that it stands for none.
void drop_infinite(Step& step, std::size_t i) {
  if (!step.has(i) || !step.in[i].numbers()) return;
  const auto& values = step.in[i].first()->values;
  if (values.size() == 1 && std::fabs(values[0]) >= 1e30 && (values[0] < 0) == (i == 1))
    step.in[i] = Operand();
}

Results clip(Builder& builder, Step step) {
  drop_infinite(step, 1);
  drop_infinite(step, 2);
  if (!step.has(1) && !step.has(2) && step.has(0) && step.in[0].is == Operand::Is::Live)
    return unchanged(step);
  return {builder.emit(step)};
}

/// Before operator set 13 a softmax went over all axes from `axis` on, as if they were one.
Results softmax(Builder& builder, Step step, const Origin& origin) {
  if (step.opset >= 13) return {builder.emit(step)};
  const Shape& shape = builder.shape(input_of(step, 0));
  const std::size_t axis = axis_of(step.attrs.integer("axis", 1), shape.size());
  const auto after = std::accumulate(shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, shape.end(),
                                     std::size_t{1}, std::multiplies());
  step.attrs = without(step.attrs, {"axis"});
  if (after == 1) {
    step.attrs.set("axis", static_cast<std::int64_t>(axis));
    return {builder.emit(step)};
  }
  std::vector<std::int64_t> back(shape.begin(), shape.end());
  back[0] = -1;
  const Operand flat = builder.emit(
      helper(step, "Flatten", "flat", {step.in[0]}, {{"axis", static_cast<std::int64_t>(axis)}}));
  Step inner = step;
  inner.in[0] = flat;
  inner.out = {step.out.at(0) + ".rows"};
  inner.attrs.set("axis", std::int64_t{-1});
  Step last =
      helper(step, "Reshape", "back", {builder.emit(inner), known_integers(step.out[0] + ".shape", back)});
  last.out = {step.out[0]};
  return {lower_reshape(builder, last, origin)};
}

/// Each part is a slice.
Results split(Builder& builder, const Step& step) {
  const Operand x = input_of(step, 0);
  const Shape shape = builder.shape(x);
  const std::size_t axis = axis_of(step.attrs.integer("axis", 0), shape.size());
  const auto whole = static_cast<std::int64_t>(shape[axis]),
             parts = static_cast<std::int64_t>(step.out.size());
  std::vector<std::int64_t> sizes;
  if (step.has(1)) {
    sizes = integers_of(*numbers_of(step.in[1], step, "split"), "split");
  } else {
    // All of one size, but the last, which is what remains.
    const std::int64_t each = (whole + parts - 1) / std::max<std::int64_t>(parts, 1);
    for (std::int64_t i = 0; i < parts; ++i)
      sizes.push_back(std::clamp<std::int64_t>(whole - i * each, 0, each));
  }
  std::int64_t end = 0;
  for (std::int64_t n : sizes)
    require(n >= 0 && (end += n) <= whole, "{} has parts that do not fit {}", step.what(), to_string(shape));
  require(end == whole && sizes.size() == step.out.size(), "{} has parts that do not make up {}", step.what(),
          to_string(shape));
  Results out;
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const std::string prefix = fmt::format("{}.part{}", step.name, i + 1);
    Step part = helper(
        step, "Slice", fmt::format("part{}", i + 1),
        {x, known_integers(prefix + ".starts", {begin}), known_integers(prefix + ".ends", {begin + sizes[i]}),
         known_integers(prefix + ".axes", {static_cast<std::int64_t>(axis)})});
    begin += sizes[i];
    if (step.out[i].empty()) continue;
    part.out = {step.out[i]};
    out.resize(i);
    out.push_back(builder.emit(part));
  }
  return out;
}

/// Pads of some axes become pads of all.
Results pad(Builder& builder, Step step) {
  if (!step.has(3)) return {builder.emit(step)};
  const std::size_t rank = builder.shape(input_of(step, 0)).size();
  const auto axes = integers_of(*numbers_of(step.in[3], step, "axes"), "axes");
  const auto pads = integers_of(*numbers_of(input_of(step, 1), step, "pads"), "pads");
  require(pads.size() == 2 * axes.size(), "{} needs two pads an axis, and has {} for {}", step.what(),
          pads.size(), axes.size());
  std::vector<std::int64_t> all(2 * rank, 0);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::size_t axis = axis_of(axes[i], rank);
    all[axis] = pads[i];
    all[rank + axis] = pads[axes.size() + i];
  }
  step.in[1] = known_integers(step.out.at(0) + ".pads", all);
  step.in.resize(3);
  return {builder.emit(step)};
}

/// A quotient of integers is cut to one.
Results divide(Builder& builder, const Step& step) {
  const auto computed = [](const Operand& x) { return x.is == Operand::Is::Live; };
  const bool rounds = std::any_of(step.in.begin(), step.in.end(), computed) &&
                      input_of(step, 0).element == Element::Int && input_of(step, 1).element == Element::Int;
  require(!rounds, "{} rounds a quotient that is secret, which tacit does not do; divide floats instead",
          step.what());
  return {builder.emit(step)};
}

Results batch_normalization(Builder& builder, Step step) {
  require(step.attrs.integer("spatial", 1) != 0,
          "{} normalises every place by itself, which tacit does not do; set spatial to 1", step.what());
  step.attrs = without(step.attrs, {"spatial", "training_mode", "is_test", "consumed_inputs"});
  return {builder.emit(step)};
}

/// Fixed point has powers of some public exponents alone.
Results power(Builder& builder, const Step& step) {
  const auto live = [](const Operand& x) { return x.is != Operand::Is::Known; };
  if (std::any_of(step.in.begin(), step.in.end(), live)) {
    const TensorPtr exponent = numbers_of(input_of(step, 1), step, "exponent");
    require(exponent->values.size() == 1,
            "{} takes a power of each element of its own, and tacit one for all; split the tensor",
            step.what());
    const double n = exponent->values[0];
    require(n == 0.5 || n == -0.5 || (n == std::nearbyint(n) && std::fabs(n) <= 8),
            "{} takes the power {}, and tacit the integers from -8 to 8, 0.5 and -0.5; use one of these",
            step.what(), n);
  }
  return {builder.emit(step)};
}

/// Without attributes that older operator sets do not have, where they say what is so without them.
Step without_idle_attributes(Step step) {
  if (step.op.starts_with("Reduce") && step.attrs.integer("noop_with_empty_axes", 0) == 0)
    step.attrs = without(step.attrs, {"noop_with_empty_axes"});
  if (step.op == "AveragePool") {
    const auto dilations = step.attrs.integers("dilations", {});
    if (std::all_of(dilations.begin(), dilations.end(), [](std::int64_t d) { return d == 1; }))
      step.attrs = without(step.attrs, {"dilations"});
  }
  return step;
}

Results gather(Builder& builder, const Step& step, const Origin& origin) {
  const bool from_data = step.has(1) && step.in[1].is == Operand::Is::Live;
  return {from_data ? lower_embedding(builder, step, origin) : builder.emit(step)};
}

}  // namespace

Step helper(const Step& step, std::string_view op, std::string_view suffix, std::vector<Operand> in,
            Attrs attrs) {
  Step out;
  out.op = op;
  out.name = fmt::format("{}.{}", step.name, suffix);
  out.in = std::move(in);
  out.attrs = std::move(attrs);
  out.out = {fmt::format("{}.{}", step.out.at(0), suffix)};
  out.opset = step.opset;
  return out;
}

Step with_newest_inputs(Step step) {
  for (const KnownInput& k : known_inputs_of(step.op)) {
    const auto at = k.legacy.empty() ? step.attrs.all().end() : step.attrs.all().find(std::string(k.legacy));
    if (at == step.attrs.all().end() || step.opset >= k.since) continue;
    const std::string name = fmt::format("{}.{}", step.out.at(0), k.name);
    if (step.in.size() <= k.index) step.in.resize(k.index + 1);
    if (k.form == KnownInput::Form::Integers)
      step.in[k.index] = known_integers(name, step.attrs.integers(k.legacy));
    else
      step.in[k.index] = known(name, {Element::Float, {}, {step.attrs.real(k.legacy, 0)}});
    step.attrs = without(step.attrs, {k.legacy});
  }
  return step;
}

std::vector<Operand> lower(Builder& builder, Step step, const Origin& origin) {
  step = without_idle_attributes(with_newest_inputs(std::move(step)));
  const std::string& op = step.op;
  const auto lost = std::find_if(step.in.begin(), step.in.end(),
                                 [](const Operand& x) { return x.is == Operand::Is::Missing; });
  if (lost != step.in.end()) {
    // What is lowered to other operators is not missing itself.
    if (op == "Split" || op == "Dropout" || op == "Einsum" || is_recurrent(op) || is_resize(op))
      return Results(step.out.size(), *lost);
    return {builder.emit(step)};
  }
  if (op == "Expand" || op == "Tile")
    if (auto out = lower_for_each(builder, step)) return {std::move(*out)};
  if (!is_recurrent(op) && !is_resize(op) && !broadcasts(op))
    step = with_each_example(builder, std::move(step));
  if (is_window(op) && step.has(0) && builder.shape(step.in[0]).size() == 3)
    return {lower_one_axis(builder, step)};
  if (op == "Identity") return identity(builder, step);
  if (op == "Cast") return cast(builder, step);
  if (op == "Dropout") return dropout(builder, std::move(step));
  if (op == "Clip") return clip(builder, std::move(step));
  if (op == "Softmax" || op == "LogSoftmax" || op == "Hardmax")
    return softmax(builder, std::move(step), origin);
  if (op == "Split") return split(builder, step);
  if (op == "Div") return divide(builder, step);
  if (op == "MatMul") return {lower_matmul(builder, std::move(step), origin)};
  if (op == "Einsum") return {lower_einsum(builder, step, origin)};
  if (is_recurrent(op)) return lower_recurrent(builder, step);
  if (is_resize(op)) return lower_resize(builder, step, origin);
  if (op == "Gather") return gather(builder, step, origin);
  if (op == "Pow") return power(builder, step);
  if (op == "Pad") return pad(builder, std::move(step));
  if (op == "BatchNormalization") return batch_normalization(builder, std::move(step));
  if (op == "Reshape") return {lower_reshape(builder, std::move(step), origin)};
  return {builder.emit(step)};
}

}  // namespace tacit::nn::onnx_io
