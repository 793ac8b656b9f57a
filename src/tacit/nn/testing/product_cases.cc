// Rows for matrix products and convolutions.
#include <cmath>

#include "tacit/nn/testing/op_case.h"

namespace tacit::nn::testing {

namespace {

using Integers = std::vector<std::int64_t>;

PublicTensor matmul(const Tensors& in) {
  const Shape &a = in[0].shape, &b = in[1].shape;
  Shape out = broadcast(Shape(a.begin(), a.end() - 2), Shape(b.begin(), b.end() - 2));
  out.push_back(a[a.size() - 2]);
  out.push_back(b.back());
  return tabulate(out, [&](const Shape& index) {
    double sum = 0;
    for (std::size_t k = 0; k < a.back(); ++k) {
      Shape left = index, right = index;
      left.back() = k;
      right[right.size() - 2] = k;
      sum += at(in[0], left) * at(in[1], right);
    }
    return sum;
  });
}

Reference gemm(bool transposed_a, bool transposed_b, double alpha, double beta) {
  return [=](const Tensors& in) {
    const auto &a = in[0], &b = in[1];
    const std::size_t m = a.shape[transposed_a ? 1 : 0], n = b.shape[transposed_b ? 0 : 1],
                      inner = a.shape[transposed_a ? 0 : 1];
    return tabulate({m, n}, [&](const Shape& i) {
      double sum = 0;
      for (std::size_t k = 0; k < inner; ++k)
        sum += at(a, transposed_a ? Shape{k, i[0]} : Shape{i[0], k}) *
               at(b, transposed_b ? Shape{i[1], k} : Shape{k, i[1]});
      return alpha * sum + (in.size() > 2 ? beta * at(in[2], i) : 0);
    });
  };
}

struct Window {
  std::size_t stride_h = 1, stride_w = 1, top = 0, left = 0, bottom = 0, right = 0, dilation_h = 1,
              dilation_w = 1, group = 1;

  Attrs attrs() const {
    auto list = [](std::initializer_list<std::size_t> v) { return Integers(v.begin(), v.end()); };
    return {{"strides", list({stride_h, stride_w})},
            {"pads", list({top, left, bottom, right})},
            {"dilations", list({dilation_h, dilation_w})},
            {"group", static_cast<std::int64_t>(group)}};
  }
};

Reference convolution(Window g) {
  return [=](const Tensors& in) {
    const Shape &x = in[0].shape, &w = in[1].shape;
    const std::size_t oh = (x[2] + g.top + g.bottom - g.dilation_h * (w[2] - 1) - 1) / g.stride_h + 1;
    const std::size_t ow = (x[3] + g.left + g.right - g.dilation_w * (w[3] - 1) - 1) / g.stride_w + 1;
    return tabulate({x[0], w[0], oh, ow}, [&](const Shape& i) {
      double sum = in.size() > 2 ? in[2].values[i[1]] : 0;
      const std::size_t first = i[1] / (w[0] / g.group) * w[1];
      each_index({w[1], w[2], w[3]}, [&](const Shape& k) {
        const std::size_t row = i[2] * g.stride_h + k[1] * g.dilation_h,
                          column = i[3] * g.stride_w + k[2] * g.dilation_w;
        if (row < g.top || column < g.left || row - g.top >= x[2] || column - g.left >= x[3]) return;
        sum += at(in[0], {i[0], first + k[0], row - g.top, column - g.left}) *
               at(in[1], {i[1], k[0], k[1], k[2]});
      });
      return sum;
    });
  };
}

void add_convolution(std::vector<OpCase>& rows, const std::string& what, Shape x, Shape w, Window g,
                     bool bias) {
  OpCase row{&kConv, what, {{uniform(x, -2, 2, 400)}, {uniform(w, -1, 1, 401)}}, g.attrs(), convolution(g),
             {1},    {1}};
  if (bias) row.in.push_back({uniform({w[0]}, -1, 1, 402)});
  rows.push_back(std::move(row));
}

void add_random_convolutions(std::vector<OpCase>& rows) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Dice dice(seed);
    Window g{dice.between(1, 3), dice.between(1, 3), dice.between(0, 3),
             dice.between(0, 3), dice.between(0, 3), dice.between(0, 3),
             dice.between(1, 2), dice.between(1, 2), dice.between(1, 2)};
    const Shape w{g.group * dice.between(1, 2), dice.between(1, 2), dice.between(1, 3), dice.between(1, 3)};
    const Shape x{dice.between(1, 2), g.group * w[1], dice.between(5, 7), dice.between(5, 7)};
    add_convolution(rows, "random " + std::to_string(seed), x, w, g, dice.between(0, 1) == 1);
  }
}

}  // namespace

std::vector<OpCase> product_cases() {
  std::vector<OpCase> rows;
  const std::pair<Shape, Shape> shapes[] = {{{3, 4}, {4, 5}},
                                            {{1, 1}, {1, 1}},
                                            {{2, 3, 4}, {4, 2}},
                                            {{2, 1, 3, 4}, {5, 4, 2}},
                                            {{2, 2, 3, 4}, {2, 2, 4, 3}},
                                            {{2, 3, 4}, {2, 4, 3}},
                                            {{3, 4}, {2, 4, 1}}};
  for (const auto& [a, b] : shapes)
    rows.push_back({&kMatMul,
                    to_string(a) + " by " + to_string(b),
                    {{uniform(a, -3, 3, 403)}, {uniform(b, -3, 3, 404)}},
                    {},
                    matmul,
                    {1},
                    {1}});
  rows.push_back({&kMatMul,
                  "by a constant",
                  {{edges({3, 4}, 405)}, known(uniform({4, 2}, -1, 1, 406))},
                  {},
                  matmul,
                  {1},
                  {1}});

  for (const bool ta : {false, true})
    for (const bool tb : {false, true}) {
      const PublicTensor a = uniform(ta ? Shape{4, 3} : Shape{3, 4}, -3, 3, 407),
                         b = uniform(tb ? Shape{5, 4} : Shape{4, 5}, -3, 3, 408);
      const Attrs attrs{{"transA", std::int64_t{ta}}, {"transB", std::int64_t{tb}}};
      rows.push_back({&kGemm,
                      "with a row of biases",
                      {{a}, {b}, {uniform({5}, -3, 3, 409)}},
                      attrs,
                      gemm(ta, tb, 1, 1),
                      {1},
                      {1}});
      Attrs scaled = attrs;
      scaled.set("alpha", 0.3);
      scaled.set("beta", -0.7);
      rows.push_back({&kGemm,
                      "scaled",
                      {{a}, {b}, {uniform({3, 1}, -3, 3, 410)}},
                      scaled,
                      gemm(ta, tb, 0.3, -0.7),
                      {4, std::ldexp(1, -15)},
                      {30, std::ldexp(1, -15)}});
    }
  rows.push_back({&kGemm,
                  "without bias",
                  {{edges({3, 4}, 411)}, {uniform({4, 5}, -1, 1, 412)}},
                  {},
                  gemm(false, false, 1, 1),
                  {1},
                  {1}});

  add_convolution(rows, "plain", {2, 1, 5, 5}, {3, 1, 3, 3}, {}, true);
  add_convolution(rows, "without bias", {1, 2, 4, 4}, {2, 2, 2, 2}, {}, false);
  add_convolution(rows, "strides beyond the kernel", {2, 2, 7, 6}, {3, 2, 2, 1},
                  {.stride_h = 3, .stride_w = 2}, true);
  add_convolution(rows, "uneven padding, larger than the kernel", {1, 2, 3, 4}, {2, 2, 2, 2},
                  {.top = 3, .left = 0, .bottom = 1, .right = 2}, true);
  add_convolution(rows, "groups", {2, 4, 4, 4}, {6, 2, 3, 3},
                  {.top = 1, .left = 1, .bottom = 1, .right = 1, .group = 2}, true);
  add_convolution(rows, "a group a channel, dilated", {1, 3, 6, 6}, {3, 1, 2, 3},
                  {.dilation_h = 2, .dilation_w = 2, .group = 3}, true);
  add_convolution(rows, "one place", {2, 3, 1, 1}, {4, 3, 1, 1}, {}, true);
  add_random_convolutions(rows);
  return rows;
}

}  // namespace tacit::nn::testing
