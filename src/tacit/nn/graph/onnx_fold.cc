// Elementwise arithmetic with broadcasting, reductions and tensors made from numbers.
#include "tacit/nn/graph/onnx_fold.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "tacit/base/error.h"

namespace tacit::nn::onnx_io {

namespace {

/// Integers stay integers: what left their range saturates, and what is no number is the model's mistake.
double settled(double v, Element element) {
  if (element != Element::Int) return v;
  require(!std::isnan(v), "integers are divided by zero");
  return std::clamp(std::trunc(v), -kLargestInt, kLargestInt);
}

template <double (*kF)(double, double)>
Tensor pairwise(const Tensor& a, const Tensor& b, Element element) {
  Tensor out = blank(element, broadcast(a.shape, b.shape));
  const auto sa = broadcast_strides(a.shape, out.shape), sb = broadcast_strides(b.shape, out.shape);
  const auto own = row_major_strides(out.shape);
  for (std::size_t i = 0; i < out.values.size(); ++i) {
    std::size_t at_a = 0, at_b = 0;
    for (std::size_t axis = 0; axis < out.shape.size(); ++axis) {
      const std::size_t k = i / own[axis] % out.shape[axis];
      at_a += k * sa[axis], at_b += k * sb[axis];
    }
    out.values[i] = settled(kF(a.values[at_a], b.values[at_b]), element);
  }
  return out;
}

/// a op b op c ..., all of the first one's type.
template <double (*kF)(double, double)>
Tensor arithmetic(const FoldCall& call) {
  Tensor out = call.input(0);
  for (std::size_t i = 1; i < call.in.size(); ++i) out = pairwise<kF>(out, call.input(i), out.element);
  return out;
}
template <double (*kF)(double, double)>
Tensor comparison(const FoldCall& call) {
  return pairwise<kF>(call.input(0), call.input(1), Element::Bool);
}

template <double (*kF)(double)>
Tensor each(const FoldCall& call) {
  Tensor out = call.input(0);
  for (double& v : out.values) v = settled(kF(v), out.element);
  return out;
}

double add(double a, double b) { return a + b; }
double sub(double a, double b) { return a - b; }
double mul(double a, double b) { return a * b; }
double divide(double a, double b) { return b == 0 && a == 0 ? NAN : a / b; }
double lesser(double a, double b) { return a < b ? a : b; }
double greater(double a, double b) { return a > b ? a : b; }
/// The remainder has the divisor's sign, as in Python.
double modulo(double a, double b) { return a - std::floor(a / b) * b; }
double truncated_modulo(double a, double b) { return std::fmod(a, b); }
double power(double a, double b) { return std::pow(a, b); }
double equals(double a, double b) { return a == b; }
double below(double a, double b) { return a < b; }
double below_or_equal(double a, double b) { return a <= b; }
double above(double a, double b) { return a > b; }
double above_or_equal(double a, double b) { return a >= b; }
double both(double a, double b) { return a != 0 && b != 0; }
double either(double a, double b) { return a != 0 || b != 0; }
double neither(double a) { return a == 0; }
double negative(double a) { return -a; }

Tensor cast(const FoldCall& call) {
  Tensor out = call.input(0);
  out.element = element_of(static_cast<int>(call.attrs.integer("to")), "the result");
  for (double& v : out.values) v = out.element == Element::Bool ? v != 0 : settled(v, out.element);
  return out;
}
Tensor cast_like(const FoldCall& call) {
  Tensor out = call.input(0);
  out.element = call.input(1).element;
  for (double& v : out.values) v = out.element == Element::Bool ? v != 0 : settled(v, out.element);
  return out;
}

Tensor remainder(const FoldCall& call) {
  return call.attrs.integer("fmod", 0) != 0 ? arithmetic<truncated_modulo>(call) : arithmetic<modulo>(call);
}

Tensor where(const FoldCall& call) {
  const Shape shape = broadcast(broadcast(call.input(0).shape, call.input(1).shape), call.input(2).shape);
  const Tensor choice = spread(call.input(0), shape), other = spread(call.input(2), shape);
  Tensor out = spread(call.input(1), shape);
  for (std::size_t i = 0; i < out.values.size(); ++i)
    if (choice.values[i] == 0) out.values[i] = other.values[i];
  return out;
}

Tensor range(const FoldCall& call) {
  for (std::size_t i = 0; i < 3; ++i)
    require(call.input(i).values.size() == 1, "a range needs three numbers");
  const double start = call.input(0).values[0], limit = call.input(1).values[0],
               step = call.input(2).values[0];
  const double count = std::ceil((limit - start) / step);
  require(step != 0 && std::isfinite(count) && count < 1e9, "a range from {} to {} in steps of {} has no end",
          start, limit, step);
  Tensor out = blank(call.input(0).element, {static_cast<std::size_t>(std::max(count, 0.0))});
  for (std::size_t i = 0; i < out.values.size(); ++i) out.values[i] = start + step * static_cast<double>(i);
  return out;
}

template <double (*kF)(double, double)>
Tensor reduction(const FoldCall& call) {
  const Tensor& x = call.input(0);
  std::vector<bool> gone(x.shape.size());
  const auto axes = call.has(1) ? integers_of(call.input(1), "axes") : call.attrs.integers("axes", {});
  if (axes.empty() && call.attrs.integer("noop_with_empty_axes", 0) == 0) gone.assign(gone.size(), true);
  for (std::int64_t axis : axes) gone[axis_of(axis, x.shape.size())] = true;
  Shape kept;
  for (std::size_t i = 0; i < gone.size(); ++i) kept.push_back(gone[i] ? 1 : x.shape[i]);
  const auto strides = broadcast_strides(kept, x.shape), own = row_major_strides(x.shape);
  Tensor out = blank(x.element, kept);
  std::vector<bool> begun(out.values.size());
  require(out.values.empty() || !x.values.empty(), "nothing can be made of no numbers");
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    std::size_t at = 0;
    for (std::size_t axis = 0; axis < kept.size(); ++axis)
      at += i / own[axis] % x.shape[axis] * strides[axis];
    out.values[at] = begun[at] ? settled(kF(out.values[at], x.values[i]), x.element) : x.values[i];
    begun[at] = true;
  }
  if (call.attrs.integer("keepdims", 1) == 0) {
    out.shape.clear();
    for (std::size_t i = 0; i < gone.size(); ++i)
      if (!gone[i]) out.shape.push_back(x.shape[i]);
  }
  return out;
}

}  // namespace

FoldFunction fold_elementwise(std::string_view op) {
  static const std::map<std::string_view, FoldFunction> kAll = {
      {"Abs", each<std::fabs>},
      {"Add", arithmetic<add>},
      {"And", comparison<both>},
      {"Cast", cast},
      {"CastLike", cast_like},
      {"Ceil", each<std::ceil>},
      {"Div", arithmetic<divide>},
      {"Equal", comparison<equals>},
      {"Exp", each<std::exp>},
      {"Floor", each<std::floor>},
      {"Greater", comparison<above>},
      {"GreaterOrEqual", comparison<above_or_equal>},
      {"Less", comparison<below>},
      {"LessOrEqual", comparison<below_or_equal>},
      {"Log", each<std::log>},
      {"Max", arithmetic<greater>},
      {"Min", arithmetic<lesser>},
      {"Mod", remainder},
      {"Mul", arithmetic<mul>},
      {"Neg", each<negative>},
      {"Not", each<neither>},
      {"Or", comparison<either>},
      {"Pow", arithmetic<power>},
      {"Range", range},
      {"ReduceMax", reduction<greater>},
      {"ReduceMin", reduction<lesser>},
      {"ReduceProd", reduction<mul>},
      {"ReduceSum", reduction<add>},
      {"Round", each<std::nearbyint>},
      {"Sqrt", each<std::sqrt>},
      {"Sub", arithmetic<sub>},
      {"Sum", arithmetic<add>},
      {"Where", where},
  };
  const auto at = kAll.find(op);
  return at == kAll.end() ? nullptr : at->second;
}

}  // namespace tacit::nn::onnx_io
