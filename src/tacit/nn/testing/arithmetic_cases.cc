// Rows for sums, products and quotients with broadcasting.
#include <fmt/core.h>

#include <cmath>

#include "tacit/nn/testing/op_case.h"

namespace tacit::nn::testing {

namespace {

double sum(double a, double b) { return a + b; }
double difference(double a, double b) { return a - b; }
double product(double a, double b) { return a * b; }
double quotient(double a, double b) { return a / b; }

void add_pairs(std::vector<OpCase>& rows, const Op* op, double (*f)(double, double), Bound forward,
               Bound gradient) {
  const std::pair<Shape, Shape> shapes[] = {{{3, 4}, {3, 4}}, {{2, 3, 4}, {3, 1}}, {{1, 4}, {3, 1}},
                                            {{5}, {2, 5}},    {{}, {3}},           {{1}, {1}}};
  std::uint64_t seed = 1;
  for (const auto& [a, b] : shapes) {
    rows.push_back({op,
                    to_string(a) + " and " + to_string(b),
                    {{uniform(a, -4, 4, seed)}, {uniform(b, -4, 4, seed + 1)}},
                    {},
                    pairwise(f),
                    forward,
                    gradient});
    seed += 2;
  }
}

/// Two random shapes that broadcast.
void add_random_pairs(std::vector<OpCase>& rows, const Op* op, double (*f)(double, double), Bound forward,
                      Bound gradient) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Dice dice(seed);
    Shape a(dice.between(1, 4));
    for (std::size_t& extent : a) extent = dice.between(1, 4);
    Shape b(a.end() - static_cast<std::ptrdiff_t>(dice.between(0, a.size())), a.end());
    for (std::size_t& extent : a) extent = dice.between(0, 3) == 0 ? 1 : extent;
    for (std::size_t& extent : b) extent = dice.between(0, 3) == 0 ? 1 : extent;
    rows.push_back({op,
                    fmt::format("random {}: {} and {}", seed, to_string(a), to_string(b)),
                    {{uniform(a, -4, 4, seed)}, {uniform(b, 1, 3, seed + 50)}},
                    {},
                    pairwise(f),
                    forward,
                    gradient});
  }
}

PublicTensor total(const Tensors& in) {
  Shape shape = in[0].shape;
  for (const auto& t : in) shape = broadcast(shape, t.shape);
  return tabulate(shape, [&](const Shape& index) {
    double out = 0;
    for (const auto& t : in) out += at(t, index);
    return out;
  });
}

}  // namespace

std::vector<OpCase> arithmetic_cases() {
  std::vector<OpCase> rows;
  add_pairs(rows, &kAdd, sum, {}, {});
  add_pairs(rows, &kSub, difference, {}, {});
  add_pairs(rows, &kMul, product, {1}, {1});
  add_random_pairs(rows, &kAdd, sum, {}, {});
  add_random_pairs(rows, &kSub, difference, {}, {});
  add_random_pairs(rows, &kMul, product, {1}, {1});
  add_random_pairs(rows, &kDiv, quotient, {9, std::ldexp(1, -13)}, {40, std::ldexp(1, -11)});
  const PublicTensor x = edges({3, 5}, 40), y = edges({3, 5}, 41), wide = uniform({2, 3, 5}, -4, 4, 42);
  rows.push_back({&kAdd, "edges", {{x}, {y}}, {}, pairwise(sum)});
  rows.push_back({&kAdd, "with a constant", {{x}, known(uniform({5}, -4, 4, 43))}, {}, pairwise(sum)});
  rows.push_back({&kSub, "edges", {{x}, {wide}}, {}, pairwise(difference)});
  rows.push_back({&kSub, "from a constant", {known(uniform({5}, -4, 4, 44)), {x}}, {}, pairwise(difference)});
  rows.push_back({&kMul, "edges", {{x}, {y}}, {}, pairwise(product), {1}, {1}});
  rows.push_back({&kMul,
                  "by a constant a row",
                  {{wide}, known(uniform({3, 1}, -0.1, 0.1, 45))},
                  {},
                  pairwise(product),
                  {1, std::ldexp(1, -14)},
                  {1, std::ldexp(1, -14)}});
  rows.push_back({&kMul,
                  "a constant by it",
                  {known({{}, {0.001}}), {x}},
                  {},
                  pairwise(product),
                  {1, std::ldexp(1, -16)},
                  {1, std::ldexp(1, -16)}});
  // Whole numbers are exact and free.
  rows.push_back(
      {&kMul, "by whole numbers", {{wide}, known({{5}, {1, -2, 0, 7, 100}})}, {}, pairwise(product)});

  PublicTensor divisor = uniform({3, 5}, 0.5, 8, 46);
  for (std::size_t i = 0; i < divisor.values.size(); i += 2) divisor.values[i] *= -1;
  divisor.values[3] = 1000, divisor.values[4] = 1.0 / 8;
  // Of a quotient: the reciprocal's bound of 2^-13 and 2 ulp, times |a| <= 4.
  rows.push_back({&kDiv,
                  "secrets",
                  {{uniform({2, 3, 5}, -4, 4, 47)}, {divisor}},
                  {},
                  pairwise(quotient),
                  {9, std::ldexp(1, -13)},
                  {80, std::ldexp(1, -11)}});
  rows.push_back({&kDiv,
                  "broadcast divisor",
                  {{uniform({3, 5}, -4, 4, 48)}, {uniform({3, 1}, 1, 4, 49)}},
                  {},
                  pairwise(quotient),
                  {9, std::ldexp(1, -13)},
                  {40, std::ldexp(1, -11)}});
  rows.push_back({&kDiv,
                  "by a constant",
                  {{edges({3, 5}, 50)}, known({{5}, {3, -7, 1000, 0.25, 1}})},
                  {},
                  pairwise(quotient),
                  {1, std::ldexp(1, -7)},
                  {1, std::ldexp(1, -7)}});
  rows.push_back({&kDiv,
                  "by one constant",
                  {{edges({3, 5}, 50)}, known({{}, {255}})},
                  {},
                  pairwise(quotient),
                  {1, std::ldexp(1, -16)},
                  {1, std::ldexp(1, -16)}});
  rows.push_back({&kDiv,
                  "a constant by it",
                  {known({{}, {1}}), {uniform({4}, 1, 4, 51)}},
                  {},
                  pairwise(quotient),
                  {2, std::ldexp(1, -13)},
                  {16, std::ldexp(1, -11)}});

  rows.push_back({&kNeg, "edges", {{x}}, {}, each([](double v) { return -v; })});
  rows.push_back({&kSum,
                  "three that broadcast",
                  {{x}, {uniform({5}, -4, 4, 52)}, {uniform({2, 1, 1}, -4, 4, 53)}},
                  {},
                  total});
  rows.push_back({&kSum, "one", {{x}}, {}, total});
  rows.push_back({&kIdentity, "edges", {{x}}, {}, each([](double v) { return v; })});
  const Reference mean = [](const Tensors& in) {
    PublicTensor out = total(in);
    for (double& v : out.values) v /= static_cast<double>(in.size());
    return out;
  };
  rows.push_back({&kMean,
                  "three that broadcast",
                  {{x}, {uniform({5}, -4, 4, 52)}, {uniform({2, 1, 1}, -4, 4, 53)}},
                  {},
                  mean,
                  {1, std::ldexp(1, -15)},
                  {6, std::ldexp(1, -15)}});
  rows.push_back({&kMean, "one", {{x}}, {}, mean});
  return rows;
}

}  // namespace tacit::nn::testing
