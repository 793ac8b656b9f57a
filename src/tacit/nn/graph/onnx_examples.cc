// What is the same for every example, and is written out for the batch at hand: a class token that is
// expanded to it, or a first state. It stands once in the graph, and is added to zeros that follow the batch.
#include <algorithm>
#include <numeric>

#include "tacit/nn/graph/onnx_lower.h"

namespace tacit::nn::onnx_io {

namespace {

using Extents = std::vector<std::int64_t>;

/// Zeros, one for each example along an axis of so many: what remains of an input that is taken from itself.
Operand zeros(Builder& builder, const Step& step, const Operand& input, std::size_t axis, std::size_t rank) {
  Operand x = input;
  if (const std::size_t inner = builder.shape(x).size() - 1; inner > 0) {
    Extents axes(inner);
    std::iota(axes.begin(), axes.end(), 1);
    x = builder.emit(helper(
        step, "Slice", "first",
        {x, known_integers(step.name + ".begin", Extents(inner, 0)),
         known_integers(step.name + ".end", Extents(inner, 1)), known_integers(step.name + ".axes", axes)}));
  }
  Extents shape(rank, 1);
  shape[0] = -1;
  Attrs plain;
  plain.set("allowzero", std::int64_t{0});
  x = builder.emit(
      helper(step, "Reshape", "example", {x, known_integers(step.name + ".form", shape)}, std::move(plain)));
  if (axis > 0) {  // a literal 1 in front would read as the batch in a file
    Extents order(rank);
    std::iota(order.begin(), order.end(), 0);
    std::swap(order[0], order[axis]);
    Attrs turned;
    turned.set("perm", order);
    x = builder.emit(helper(step, "Transpose", "turned", {x}, std::move(turned)));
  }
  return builder.emit(helper(step, "Sub", "zero", {x, x}));
}

/// `x` for each example, along an axis on which it stands once.
Operand once_for_each(Builder& builder, const Step& step, const Operand& x, std::size_t axis) {
  const std::size_t rank = builder.shape(x).size();
  return builder.emit(helper(step, "Add", "each", {x, zeros(builder, step, *builder.batch(), axis, rank)}));
}

/// Which of these numbers is that of the examples; nothing if none or several are, or more than that.
std::optional<std::size_t> place_of_examples(const Operand& x) {
  if (x.is != Operand::Is::Known || x.one->shape != x.two->shape) return std::nullopt;
  const auto &one = x.one->values, &two = x.two->values;
  const auto differs = std::mismatch(one.begin(), one.end(), two.begin());
  if (differs.first == one.end() || *differs.first != 1 || *differs.second != 2 ||
      !std::equal(differs.first + 1, one.end(), differs.second + 1))
    return std::nullopt;
  return static_cast<std::size_t>(differs.first - one.begin());
}

/// Whether it has one place there, whatever the batch is.
bool is_once(const Builder& builder, const Operand& x, std::size_t axis) {
  const Shape& shape = builder.shape(x);
  return axis < shape.size() && shape[axis] == 1 && shape == builder.shape_of_two(x);
}

/// The axis of the batch in what is joined along another axis. In files that were made for one example
/// nothing else tells that a part of it stands once for all.
std::optional<std::size_t> axis_of_joined_batch(const Builder& builder, const Step& step) {
  if (step.op != "Concat") return std::nullopt;
  for (const Operand& x : step.in) {
    if (!x.present()) continue;
    const Shape &one = builder.shape(x), &two = builder.shape_of_two(x);
    const auto differs = std::mismatch(one.begin(), one.end(), two.begin(), two.end());
    if (differs.first == one.end()) continue;
    const std::int64_t axis = differs.first - one.begin(), along = step.attrs.integer("axis", 0);
    const bool other = axis != (along < 0 ? along + static_cast<std::int64_t>(one.size()) : along);
    return other ? std::optional(static_cast<std::size_t>(axis)) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Operand> lower_for_each(Builder& builder, const Step& step) {
  if (!builder.batch() || !step.has(0) || !step.has(1)) return std::nullopt;
  const auto axis = place_of_examples(step.in[1]);
  Operand x = step.in[0];
  if (!axis || x.is == Operand::Is::Known) return std::nullopt;  // known numbers are folded
  const Shape shape = builder.shape(x);
  if (step.op == "Tile" ? !is_once(builder, x, *axis) : shape != builder.shape_of_two(x)) return std::nullopt;
  const Operand form = known(step.out.at(0) + ".form", *step.in[1].one);
  const Extents wanted = integers_of(*form.one, fmt::format("the second input of {}", step.what()));
  const bool stays =
      step.op == "Expand" && std::equal(wanted.begin(), wanted.end(), shape.begin(), shape.end(),
                                        [](auto a, auto b) { return a == std::int64_t(b); });
  if (!stays) x = builder.emit(helper(step, step.op, "once", {x, form}));
  return is_once(builder, x, *axis) ? std::optional(once_for_each(builder, step, x, *axis)) : std::nullopt;
}

Step with_each_example(Builder& builder, Step step) {
  const auto fixed = [](const Operand& x) { return !x.present() || x.is == Operand::Is::Known; };
  if (!builder.batch() || std::all_of(step.in.begin(), step.in.end(), fixed)) return step;
  const std::optional<std::size_t> joined = axis_of_joined_batch(builder, step);
  const auto settings = known_inputs_of(step.op);
  for (std::size_t i = 0; i < step.in.size(); ++i) {
    const Operand x = step.in[i];
    const bool setting =
        std::any_of(settings.begin(), settings.end(), [&](const KnownInput& k) { return k.index == i; });
    if (!x.present() || setting) continue;
    std::optional<std::size_t> axis = axis_of_examples(x);
    const Operand once = axis ? known(x.name, *x.one) : x;
    if (!axis && joined && is_once(builder, x, *joined)) axis = joined;
    if (axis) step.in[i] = once_for_each(builder, step, once, *axis);
  }
  return step;
}

}  // namespace tacit::nn::onnx_io
