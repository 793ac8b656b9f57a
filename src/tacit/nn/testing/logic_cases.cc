// Rows for comparisons, logic and choices: all of them exact.
#include <algorithm>
#include <cmath>

#include "tacit/nn/testing/op_case.h"

namespace tacit::nn::testing {

namespace {

/// 0s and 1s.
PublicTensor truths(const Shape& shape, std::uint64_t seed) {
  PublicTensor t = uniform(shape, 0, 1, seed);
  for (double& v : t.values) v = v < 0.5 ? 0 : 1;
  return t;
}

/// Few different numbers, so that there are equals.
PublicTensor coarse(const Shape& shape, std::uint64_t seed, double levels = 3) {
  PublicTensor t = uniform(shape, -levels, levels, seed);
  for (double& v : t.values) v = std::nearbyint(v);
  return t;
}

PublicTensor chosen(const Tensors& in) {
  return tabulate(broadcast(broadcast(in[0].shape, in[1].shape), in[2].shape), [&](const Shape& index) {
    return at(in[0], index) != 0 ? at(in[1], index) : at(in[2], index);
  });
}

/// The first of the largest along an axis, or the last.
Reference argmax(std::size_t axis, bool keep, bool last) {
  return [=](const Tensors& in) {
    Shape kept = in[0].shape;
    kept[axis] = 1;
    PublicTensor out = tabulate(kept, [&](Shape index) {
      std::size_t best = 0;
      double most = -1e300;
      for (std::size_t i = 0; i < in[0].shape[axis]; ++i) {
        index[axis] = i;
        const double v = at(in[0], index);
        if (v > most || (last && v == most)) best = i, most = v;
      }
      return static_cast<double>(best);
    });
    if (!keep) out.shape.erase(out.shape.begin() + static_cast<std::ptrdiff_t>(axis));
    return out;
  };
}

/// The new axis is the last but `back`.
Reference one_hot(std::size_t depth, std::size_t back, double off, double on) {
  return [=](const Tensors& in) {
    Shape shape = in[0].shape;
    const auto axis = static_cast<std::ptrdiff_t>(shape.size() - back);
    shape.insert(shape.begin() + axis, depth);
    return tabulate(shape, [&](Shape index) {
      const double place = static_cast<double>(index[static_cast<std::size_t>(axis)]);
      index.erase(index.begin() + axis);
      const double wanted = at(in[0], index);
      return place == (wanted < 0 ? wanted + static_cast<double>(depth) : wanted) ? on : off;
    });
  };
}

void add_argmax(std::vector<OpCase>& rows) {
  for (std::size_t n : {1, 2, 7, 16, 17, 30, 33}) {
    rows.push_back({&kArgMax,
                    "of " + std::to_string(n),
                    {{coarse({4, n}, n)}},
                    {{"axis", std::int64_t{1}}},
                    argmax(1, true, false)});
    rows.push_back({&kArgMax,
                    "the last of " + std::to_string(n),
                    {{coarse({4, n}, n)}},
                    {{"axis", std::int64_t{-1}}, {"select_last_index", std::int64_t{1}}},
                    argmax(1, true, true)});
  }
  rows.push_back({&kArgMax,
                  "the first axis",
                  {{edges({5, 3, 2}, 80)}},
                  {{"keepdims", std::int64_t{0}}},
                  argmax(0, false, false)});
  const Reference of_negative = [](const Tensors& in) {
    Tensors negative = in;
    for (double& v : negative[0].values) v = -v;
    return argmax(1, true, false)(negative);
  };
  rows.push_back({&kArgMin, "of 7", {{coarse({4, 7}, 7)}}, {{"axis", std::int64_t{1}}}, of_negative});
  rows.push_back({&kArgMin, "of 30", {{coarse({4, 30}, 8)}}, {{"axis", std::int64_t{-1}}}, of_negative});
}

}  // namespace

std::vector<OpCase> logic_cases() {
  std::vector<OpCase> rows;
  const std::pair<const Op*, double (*)(double, double)> comparisons[] = {
      {&kEqual, [](double a, double b) { return a == b ? 1.0 : 0.0; }},
      {&kLess, [](double a, double b) { return a < b ? 1.0 : 0.0; }},
      {&kLessOrEqual, [](double a, double b) { return a <= b ? 1.0 : 0.0; }},
      {&kGreater, [](double a, double b) { return a > b ? 1.0 : 0.0; }},
      {&kGreaterOrEqual, [](double a, double b) { return a >= b ? 1.0 : 0.0; }}};
  PublicTensor near = coarse({4, 6}, 81);
  for (std::size_t i = 0; i < near.values.size(); ++i)
    near.values[i] += (static_cast<double>(i % 3) - 1) / 65536;
  for (const auto& [op, f] : comparisons) {
    rows.push_back({op, "with equals", {{coarse({4, 6}, 82)}, {coarse({4, 6}, 83)}}, {}, pairwise(f)});
    rows.push_back({op, "a unit apart", {{near}, {coarse({4, 6}, 81)}}, {}, pairwise(f)});
    rows.push_back({op, "edges with a constant", {{edges({4, 6}, 84)}, known({{1}, {1}})}, {}, pairwise(f)});
    rows.push_back({op,
                    "broadcast, large",
                    {{uniform({3, 1}, -1e9, 1e9, 85)}, {uniform({1, 4}, -1e9, 1e9, 86)}},
                    {},
                    pairwise(f)});
  }
  const std::pair<const Op*, double (*)(double, double)> connectives[] = {
      {&kAnd, [](double a, double b) { return a != 0 && b != 0 ? 1.0 : 0.0; }},
      {&kOr, [](double a, double b) { return a != 0 || b != 0 ? 1.0 : 0.0; }},
      {&kXor, [](double a, double b) { return (a != 0) != (b != 0) ? 1.0 : 0.0; }}};
  for (const auto& [op, f] : connectives)
    rows.push_back({op, "truths", {{truths({4, 6}, 87)}, {truths({6}, 88)}}, {}, pairwise(f)});
  rows.push_back(
      {&kNot, "truths", {{truths({4, 6}, 89)}}, {}, each([](double v) { return v == 0 ? 1.0 : 0.0; })});

  rows.push_back({&kWhere,
                  "secret condition",
                  {{truths({4, 6}, 90)}, {edges({4, 6}, 91)}, {edges({4, 6}, 92)}},
                  {},
                  chosen});
  rows.push_back({&kWhere,
                  "broadcast",
                  {{truths({3, 1}, 93)}, {edges({1, 6}, 94)}, {edges({2, 1, 1}, 95)}},
                  {},
                  chosen});
  rows.push_back({&kWhere,
                  "public condition",
                  {known(truths({3, 1}, 96)), {edges({1, 6}, 97)}, {edges({3, 6}, 98)}},
                  {},
                  chosen});

  rows.push_back({&kSign, "edges", {{edges({4, 6}, 89)}}, {}, each([](double v) {
                    return v > 0 ? 1.0 : v < 0 ? -1.0 : 0.0;
                  })});
  add_argmax(rows);
  PublicTensor places = coarse({3, 4}, 99, 2);
  for (double& v : places.values) v = std::fabs(v);
  rows.push_back({&kOneHot, "last axis", {{places}}, {{"depth", std::int64_t{3}}}, one_hot(3, 0, 0, 1)});
  rows.push_back(
      {&kOneHot,
       "first axis, own values",
       {{places}},
       {{"depth", std::int64_t{3}}, {"axis", std::int64_t{0}}, {"values", std::vector<double>{-1, 4}}},
       one_hot(3, 2, -1, 4)});
  rows.push_back({&kOneHot,
                  "from the end and outside",
                  {{coarse({3, 4}, 99, 4)}},
                  {{"depth", std::int64_t{2}}},
                  one_hot(2, 0, 0, 1)});
  rows.push_back({&kOneHot,
                  "public",
                  {known(coarse({3, 4}, 99, 4))},
                  {{"depth", std::int64_t{2}}, {"axis", std::int64_t{1}}},
                  one_hot(2, 1, 0, 1)});
  return rows;
}

}  // namespace tacit::nn::testing
