// Rows for pools: windows that overlap, that do not, that leave elements out, that reach over the border.
#include <algorithm>
#include <cmath>

#include "tacit/nn/testing/op_case.h"

namespace tacit::nn::testing {

namespace {

using Integers = std::vector<std::int64_t>;

struct Pool {
  std::string what;
  Shape x, kernel;
  Integers strides = {1, 1}, pads = {0, 0, 0, 0}, dilations = {1, 1};
  bool ceil = false, count_padding = false;

  Attrs attrs() const {
    return {{"kernel_shape", Integers(kernel.begin(), kernel.end())},
            {"strides", strides},
            {"pads", pads},
            {"dilations", dilations},
            {"ceil_mode", std::int64_t{ceil}},
            {"count_include_pad", std::int64_t{count_padding}}};
  }
  long extent(std::size_t axis) const {
    const long padded = long(x[2 + axis]) + pads[axis] + pads[2 + axis],
               reach = dilations[axis] * (long(kernel[axis]) - 1) + 1;
    long n = (padded - reach + (ceil ? strides[axis] - 1 : 0)) / strides[axis] + 1;
    if (ceil && (n - 1) * strides[axis] >= long(x[2 + axis]) + pads[axis]) --n;
    return n;
  }
};

Pool random_pool(std::uint64_t seed) {
  Dice dice(seed);
  auto number = [&](std::size_t low, std::size_t high) {
    return static_cast<std::int64_t>(dice.between(low, high));
  };
  Pool p{"random " + std::to_string(seed),
         {dice.between(1, 2), dice.between(1, 2), dice.between(5, 8), dice.between(5, 8)},
         {dice.between(1, 3), dice.between(1, 3)}};
  p.strides = {number(1, 3), number(1, 3)};
  p.dilations = {number(1, 2), number(1, 2)};
  // Every window reaches into the input: padding is less than the kernel.
  p.pads = {number(0, p.kernel[0] - 1), number(0, p.kernel[1] - 1), number(0, p.kernel[0] - 1),
            number(0, p.kernel[1] - 1)};
  p.ceil = dice.between(0, 1) == 1;
  p.count_padding = dice.between(0, 2) == 0;
  return p;
}

/// The largest of each window's elements, or their mean.
Reference pooled(const Pool& p, bool largest) {
  return [=](const Tensors& in) {
    const Shape out{p.x[0], p.x[1], std::size_t(p.extent(0)), std::size_t(p.extent(1))};
    return tabulate(out, [&](const Shape& i) {
      double most = -1e300, sum = 0;
      long inside = 0, counted = 0;
      each_index(p.kernel, [&](const Shape& k) {
        const long row = long(i[2]) * p.strides[0] + long(k[0]) * p.dilations[0] - p.pads[0];
        const long column = long(i[3]) * p.strides[1] + long(k[1]) * p.dilations[1] - p.pads[1];
        counted += row < long(p.x[2]) + p.pads[2] && column < long(p.x[3]) + p.pads[3];
        if (row < 0 || column < 0 || row >= long(p.x[2]) || column >= long(p.x[3])) return;
        const double v = at(in[0], {i[0], i[1], std::size_t(row), std::size_t(column)});
        most = std::max(most, v);
        sum += v;
        ++inside;
      });
      return largest ? most : sum / double(p.count_padding ? counted : inside);
    });
  };
}

Reference of_channels(bool largest) {
  return [=](const Tensors& in) {
    const Shape& x = in[0].shape;
    return tabulate({x[0], x[1], 1, 1}, [&](const Shape& i) {
      double most = -1e300, sum = 0;
      each_index({x[2], x[3]}, [&](const Shape& k) {
        const double v = at(in[0], {i[0], i[1], k[0], k[1]});
        most = std::max(most, v), sum += v;
      });
      return largest ? most : sum / double(x[2] * x[3]);
    });
  };
}

}  // namespace

std::vector<OpCase> window_cases() {
  std::vector<Pool> pools = {
      {"2x2", {2, 3, 4, 6}, {2, 2}, {2, 2}},
      {"overlapping", {1, 2, 5, 5}, {3, 2}},
      {"strides beyond the kernel", {1, 2, 7, 8}, {2, 1}, {3, 2}},
      {"padded", {2, 1, 4, 4}, {3, 3}, {2, 2}, {1, 1, 1, 1}},
      {"padded and counted", {2, 1, 4, 4}, {3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}, false, true},
      {"rounded up", {1, 1, 6, 5}, {3, 2}, {2, 2}, {0, 0, 0, 0}, {1, 1}, true},
      {"rounded up, padded and counted", {1, 1, 6, 6}, {3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}, true, true},
      {"dilated", {1, 2, 6, 6}, {2, 3}, {1, 1}, {0, 0, 0, 0}, {2, 2}},
      {"one place", {2, 2, 1, 1}, {1, 1}},
      {"all at once", {1, 2, 3, 5}, {3, 5}},
  };
  for (std::uint64_t i = 1; i <= 10; ++i) pools.push_back(random_pool(i));
  std::vector<OpCase> rows;
  std::uint64_t seed = 500;
  for (const Pool& p : pools) {
    const PublicTensor x = uniform(p.x, -4, 4, seed++);
    // Padding is a number so low that doubles beside it keep but 24 binary digits after the point.
    if (!p.count_padding)
      rows.push_back({&kMaxPool, p.what, {{x}}, p.attrs(), pooled(p, true), {}, {}, {}, 2e-7, 1e-3});
    rows.push_back({&kAveragePool,
                    p.what,
                    {{x}},
                    p.attrs(),
                    pooled(p, false),
                    {1, std::ldexp(1, -15)},
                    {4, std::ldexp(1, -15)}});
  }
  for (const Shape& x : {Shape{2, 3, 4, 5}, Shape{1, 1, 1, 1}, Shape{1, 2, 8, 8}}) {
    rows.push_back({&kGlobalMaxPool, to_string(x), {{uniform(x, -4, 4, seed++)}}, {}, of_channels(true)});
    rows.push_back({&kGlobalAveragePool,
                    to_string(x),
                    {{uniform(x, -4, 4, seed++)}},
                    {},
                    of_channels(false),
                    {1, std::ldexp(1, -16)},
                    {1, std::ldexp(1, -16)}});
  }
  return rows;
}

}  // namespace tacit::nn::testing
