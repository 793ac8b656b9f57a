// Rows for sums, means, norms and extremes over axes and over several tensors, and for softmax.
#include <algorithm>
#include <cmath>

#include "tacit/nn/testing/op_case.h"

namespace tacit::nn::testing {

namespace {

using Integers = std::vector<std::int64_t>;
using Fold = double (*)(const std::vector<double>&);

double sum(const std::vector<double>& v) {
  double s = 0;
  for (double x : v) s += x;
  return s;
}
double mean(const std::vector<double>& v) { return sum(v) / static_cast<double>(v.size()); }
double squares(const std::vector<double>& v) {
  double s = 0;
  for (double x : v) s += x * x;
  return s;
}
double norm(const std::vector<double>& v) { return std::sqrt(squares(v)); }
double magnitudes(const std::vector<double>& v) {
  double s = 0;
  for (double x : v) s += std::fabs(x);
  return s;
}
double log_sum(const std::vector<double>& v) {
  double s = 0;
  for (double x : v) s += std::exp(x);
  return std::log(s);
}
double largest(const std::vector<double>& v) { return *std::max_element(v.begin(), v.end()); }
double smallest(const std::vector<double>& v) { return *std::min_element(v.begin(), v.end()); }

/// Folds the elements along axes that are given as a mask.
Reference folded(Fold f, std::vector<bool> axes, bool keep) {
  return [=](const Tensors& in) {
    const PublicTensor& x = in[0];
    Shape kept = x.shape;
    for (std::size_t a = 0; a < kept.size(); ++a)
      if (axes[a]) kept[a] = 1;
    const auto strides = row_major_strides(kept);
    std::vector<std::vector<double>> groups(elements(kept));
    each_index(x.shape, [&](const Shape& index) {
      std::size_t group = 0;
      for (std::size_t a = 0; a < kept.size(); ++a) group += axes[a] ? 0 : index[a] * strides[a];
      groups[group].push_back(at(x, index));
    });
    PublicTensor out{{}, {}};
    for (std::size_t a = 0; a < kept.size(); ++a)
      if (!axes[a] || keep) out.shape.push_back(kept[a]);
    for (const auto& g : groups) out.values.push_back(f(g));
    return out;
  };
}

void add_reduction(std::vector<OpCase>& rows, const Op* op, Fold f, Bound forward, Bound gradient) {
  const PublicTensor x = uniform({3, 4, 5}, -3, 3, 300);
  rows.push_back({op, "all", {{x}}, {}, folded(f, {true, true, true}, true), forward, gradient});
  rows.push_back({op,
                  "all, to a scalar",
                  {{x}},
                  {{"keepdims", std::int64_t{0}}},
                  folded(f, {true, true, true}, false),
                  forward,
                  gradient});
  rows.push_back({op,
                  "first and last",
                  {{x}},
                  {{"axes", Integers{-1, 0}}, {"keepdims", std::int64_t{0}}},
                  folded(f, {true, false, true}, false),
                  forward,
                  gradient});
  rows.push_back({op,
                  "the middle",
                  {{x}},
                  {{"axes", Integers{1}}},
                  folded(f, {false, true, false}, true),
                  forward,
                  gradient});
  rows.push_back({op,
                  "of length 1",
                  {{uniform({3, 1}, 1, 3, 301)}},
                  {{"axes", Integers{1}}},
                  folded(f, {false, true}, true),
                  forward,
                  gradient});
}

void add_random_reductions(std::vector<OpCase>& rows) {
  const std::pair<const Op*, Fold> ops[] = {
      {&kReduceSum, sum}, {&kReduceMax, largest}, {&kReduceMin, smallest}};
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Dice dice(seed);
    Shape x(dice.between(1, 4));
    Integers axes;
    std::vector<bool> mask;
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = dice.between(1, 5);
      mask.push_back(i == 0 || dice.between(0, 1) == 1);
      if (mask.back())
        axes.push_back(static_cast<std::int64_t>(i) -
                       static_cast<std::int64_t>(dice.between(0, 1) * x.size()));
    }
    const bool keep = dice.between(0, 1) == 1;
    for (const auto& [op, f] : ops)
      rows.push_back({op,
                      "random " + std::to_string(seed),
                      {{uniform(x, -3, 3, seed)}},
                      {{"axes", axes}, {"keepdims", std::int64_t{keep}}},
                      folded(f, mask, keep)});
  }
}

Reference of_several(Fold f) {
  return [f](const Tensors& in) {
    Shape shape = in[0].shape;
    for (const auto& t : in) shape = broadcast(shape, t.shape);
    return tabulate(shape, [&](const Shape& index) {
      std::vector<double> v;
      for (const auto& t : in) v.push_back(at(t, index));
      return f(v);
    });
  };
}

Reference softmax(std::size_t axis, bool log) {
  return [=](const Tensors& in) {
    return tabulate(in[0].shape, [&](Shape index) {
      const double own = at(in[0], index);
      double total = 0;
      for (index[axis] = 0; index[axis] < in[0].shape[axis]; ++index[axis])
        total += std::exp(at(in[0], index) - own);
      return log ? -std::log(total) : 1 / total;
    });
  };
}

void add_softmax(std::vector<OpCase>& rows) {
  const PublicTensor x = uniform({3, 10}, -5, 5, 310), wide = uniform({2, 5, 3}, -3, 3, 311),
                     many = uniform({2, 70}, -4, 4, 312);
  for (const bool log : {false, true}) {
    const Op* op = log ? &kLogSoftmax : &kSoftmax;
    const Bound forward = {log ? 20.0 : 10.0}, gradient = {30};
    rows.push_back({op, "rows", {{x}}, {}, softmax(1, log), forward, gradient});
    rows.push_back(
        {op, "the middle axis", {{wide}}, {{"axis", std::int64_t{1}}}, softmax(1, log), forward, gradient});
    rows.push_back(
        {op, "the first axis", {{wide}}, {{"axis", std::int64_t{-3}}}, softmax(0, log), forward, gradient});
    rows.push_back(
        {op, "one class", {{uniform({3, 1}, -5, 5, 313)}}, {}, softmax(1, log), forward, gradient});
    rows.push_back({op, "many classes", {{many}}, {}, softmax(1, log), {log ? 70.0 : 16.0}, {60}});
    rows.push_back({op,
                    "far apart",
                    {{PublicTensor{{2, 3}, {1000, 0, -1000, 0, 14, 7}}}},
                    {},
                    softmax(1, log),
                    forward,
                    gradient,
                    {},
                    1e-6});
  }
}

}  // namespace

std::vector<OpCase> reduction_cases() {
  std::vector<OpCase> rows;
  add_reduction(rows, &kReduceSum, sum, {}, {});
  add_reduction(rows, &kReduceMean, mean, {1, std::ldexp(1, -16)}, {1, std::ldexp(1, -16)});
  add_reduction(rows, &kReduceSumSquare, squares, {1}, {1});
  add_reduction(rows, &kReduceL1, magnitudes, {}, {});
  add_reduction(rows, &kReduceL2, norm, {4, std::ldexp(1, -12)}, {12, std::ldexp(1, -11)});
  add_reduction(rows, &kReduceLogSumExp, log_sum, {80}, {40});
  add_reduction(rows, &kReduceMax, largest, {}, {});
  add_reduction(rows, &kReduceMin, smallest, {}, {});
  rows.push_back({&kReduceSum,
                  "none, if so said",
                  {{uniform({3, 4}, -3, 3, 302)}},
                  {{"noop_with_empty_axes", std::int64_t{1}}},
                  folded(sum, {false, false}, true)});
  for (const bool max : {true, false}) {
    const Op* op = max ? &kMax : &kMin;
    const Reference f = of_several(max ? largest : smallest);
    rows.push_back({op,
                    "three that broadcast",
                    {{edges({3, 4}, 303)}, {uniform({4}, -4, 4, 304)}, {uniform({2, 1, 1}, -4, 4, 305)}},
                    {},
                    f});
    rows.push_back({op, "equals", {{edges({3, 4}, 306)}, {edges({3, 4}, 306)}}, {}, f});
    rows.push_back({op, "with a constant", {{edges({3, 4}, 307)}, known({{}, {0.5}})}, {}, f});
    rows.push_back({op, "one", {{edges({3, 4}, 308)}}, {}, f});
  }
  add_random_reductions(rows);
  add_softmax(rows);
  return rows;
}

}  // namespace tacit::nn::testing
