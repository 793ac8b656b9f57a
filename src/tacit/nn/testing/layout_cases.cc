// Rows for operators that move elements: exact, and free but for the sums of their gradients.
#include <algorithm>
#include <cmath>

#include "tacit/nn/testing/op_case.h"

namespace tacit::nn::testing {

namespace {

using Integers = std::vector<std::int64_t>;

/// The same numbers in another shape.
Reference reshaped(Shape shape) {
  return [shape](const Tensors& in) { return PublicTensor{shape, in[0].values}; };
}
Reference picked(Shape shape, std::function<Shape(const Shape&)> from) {
  return [=](const Tensors& in) {
    return tabulate(shape, [&](const Shape& index) { return at(in[0], from(index)); });
  };
}

void add_shapes(std::vector<OpCase>& rows) {
  const PublicTensor x = edges({2, 1, 3, 4}, 200);
  rows.push_back({&kReshape, "an open axis", {{x}}, {{"shape", Integers{0, -1}}}, reshaped({2, 12})});
  rows.push_back(
      {&kReshape, "a scalar", {{uniform({1, 1}, -1, 1, 201)}}, {{"shape", Integers{}}}, reshaped({})});
  rows.push_back({&kReshape, "of a constant", {known(x)}, {{"shape", Integers{6, 4}}}, reshaped({6, 4})});
  rows.push_back({&kFlatten, "the default", {{x}}, {}, reshaped({2, 12})});
  rows.push_back({&kFlatten, "axis 0", {{x}}, {{"axis", std::int64_t{0}}}, reshaped({1, 24})});
  rows.push_back({&kFlatten, "from the end", {{x}}, {{"axis", std::int64_t{-1}}}, reshaped({6, 4})});
  rows.push_back({&kSqueeze, "all", {{x}}, {}, reshaped({2, 3, 4})});
  rows.push_back(
      {&kSqueeze, "named", {{uniform({1, 3, 1}, -1, 1, 202)}}, {{"axes", Integers{-1}}}, reshaped({1, 3})});
  rows.push_back(
      {&kUnsqueeze, "both ends", {{x}}, {{"axes", Integers{0, -1}}}, reshaped({1, 2, 1, 3, 4, 1})});
  rows.push_back(
      {&kUnsqueeze, "a scalar", {{uniform({}, -1, 1, 203)}}, {{"axes", Integers{0}}}, reshaped({1})});
}

void add_moves(std::vector<OpCase>& rows) {
  const PublicTensor x = edges({2, 3, 4}, 204);
  rows.push_back({&kTranspose, "reversed", {{x}}, {}, picked({4, 3, 2}, [](const Shape& i) {
                    return Shape{i[2], i[1], i[0]};
                  })});
  rows.push_back(
      {&kTranspose, "named", {{x}}, {{"perm", Integers{1, 2, 0}}}, picked({3, 4, 2}, [](const Shape& i) {
         return Shape{i[2], i[0], i[1]};
       })});
  rows.push_back({&kExpand,
                  "new axes",
                  {{uniform({3, 1}, -4, 4, 205)}},
                  {{"shape", Integers{2, 1, 4}}},
                  picked({2, 3, 4}, [](const Shape& i) {
                    return Shape{i[1], 0};
                  })});
  rows.push_back(
      {&kExpand, "to itself", {{x}}, {{"shape", Integers{1}}}, picked({2, 3, 4}, [](const Shape& i) {
         return i;
       })});
  rows.push_back(
      {&kTile, "two axes", {{x}}, {{"repeats", Integers{2, 1, 3}}}, picked({4, 3, 12}, [](const Shape& i) {
         return Shape{i[0] % 2, i[1], i[2] % 4};
       })});
  rows.push_back({&kConcat,
                  "the middle axis",
                  {{x}, {edges({2, 1, 4}, 206)}, known(edges({2, 2, 4}, 207))},
                  {{"axis", std::int64_t{1}}},
                  [](const Tensors& in) {
                    return tabulate({2, 6, 4}, [&](Shape index) {
                      std::size_t t = 0;
                      for (; index[1] >= in[t].shape[1]; ++t) index[1] -= in[t].shape[1];
                      return at(in[t], index);
                    });
                  }});
  rows.push_back(
      {&kConcat, "one", {{x}}, {{"axis", std::int64_t{-1}}}, [](const Tensors& in) { return in[0]; }});
}

void add_parts(std::vector<OpCase>& rows) {
  const PublicTensor x = edges({4, 5, 3}, 208);
  rows.push_back({&kSlice,
                  "two axes",
                  {{x}},
                  {{"starts", Integers{1, 0}}, {"ends", Integers{3, std::int64_t{1} << 62}}},
                  picked({2, 5, 3}, [](const Shape& i) {
                    return Shape{i[0] + 1, i[1], i[2]};
                  })});
  rows.push_back({&kSlice,
                  "steps",
                  {{x}},
                  {{"starts", Integers{0, -1}},
                   {"ends", Integers{5, -100}},
                   {"axes", Integers{1, -1}},
                   {"steps", Integers{2, -1}}},
                  picked({4, 3, 3}, [](const Shape& i) {
                    return Shape{i[0], 2 * i[1], 2 - i[2]};
                  })});
  rows.push_back(
      {&kSlice,
       "backwards by two",
       {{x}},
       {{"starts", Integers{3}}, {"ends", Integers{0}}, {"axes", Integers{1}}, {"steps", Integers{-2}}},
       picked({4, 2, 3}, [](const Shape& i) {
         return Shape{i[0], 3 - 2 * i[1], i[2]};
       })});
  rows.push_back({&kPad,
                  "zeros",
                  {{uniform({2, 3}, -4, 4, 209)}},
                  {{"pads", Integers{1, 0, 0, 2}}},
                  [](const Tensors& in) {
                    return tabulate({3, 5}, [&](const Shape& i) {
                      return i[0] < 1 || i[1] > 2 ? 0 : at(in[0], {i[0] - 1, i[1]});
                    });
                  }});
  rows.push_back({&kPad,
                  "a constant, one axis",
                  {{uniform({2, 3}, -4, 4, 210)}},
                  {{"pads", Integers{4, 1}}, {"axes", Integers{-1}}, {"constant_value", -2.5}},
                  [](const Tensors& in) {
                    return tabulate({2, 8}, [&](const Shape& i) {
                      return i[1] < 4 || i[1] > 6 ? -2.5 : at(in[0], {i[0], i[1] - 4});
                    });
                  }});
  const PublicTensor places{{2, 2}, {0, 3, -1, 0}};
  rows.push_back({&kGather, "rows, some twice", {{x}, known(places)}, {}, [](const Tensors& in) {
                    return tabulate({2, 2, 5, 3}, [&](const Shape& i) {
                      const double p = at(in[1], {i[0], i[1]});
                      return at(in[0], {p < 0 ? 3 : static_cast<std::size_t>(p), i[2], i[3]});
                    });
                  }});
  rows.push_back({&kGather,
                  "one column, by attributes",
                  {{x}},
                  {{"axis", std::int64_t{2}}, {"indices", Integers{2}}, {"indices_shape", Integers{}}},
                  picked({4, 5}, [](const Shape& i) {
                    return Shape{i[0], i[1], 2};
                  })});
}

/// One axis, from any place to any other, by any step; checked against a walk along the axis.
void add_random_slices(std::vector<OpCase>& rows) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Dice dice(seed);
    const std::int64_t n = 7, start = static_cast<std::int64_t>(dice.between(0, 18)) - 9,
                       end = static_cast<std::int64_t>(dice.between(0, 18)) - 9;
    const std::int64_t step =
        static_cast<std::int64_t>(dice.between(1, 3)) * (dice.between(0, 1) == 1 ? 1 : -1);
    const std::int64_t first = start < 0 ? start + n : start, last = end < 0 ? end + n : end;
    std::vector<std::size_t> walk;
    // A place before the beginning or beyond the end is moved to the axis, not walked to.
    const std::int64_t begin = step > 0 ? std::max<std::int64_t>(first, 0) : std::min(first, n - 1);
    for (std::int64_t i = begin; i >= 0 && i < n && (step > 0 ? i < last : i > last); i += step)
      walk.push_back(static_cast<std::size_t>(i));
    if (walk.empty()) continue;  // that is refused
    rows.push_back({&kSlice,
                    "random " + std::to_string(seed),
                    {{uniform({2, 7, 2}, -4, 4, seed)}},
                    {{"starts", Integers{start}},
                     {"ends", Integers{end}},
                     {"axes", Integers{1}},
                     {"steps", Integers{step}}},
                    picked({2, walk.size(), 2}, [walk](const Shape& i) {
                      return Shape{i[0], walk[i[1]], i[2]};
                    })});
  }
}

}  // namespace

std::vector<OpCase> layout_cases() {
  std::vector<OpCase> rows;
  add_shapes(rows);
  add_moves(rows);
  add_parts(rows);
  add_random_slices(rows);
  return rows;
}

}  // namespace tacit::nn::testing
