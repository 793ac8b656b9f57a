// Rows for functions of one variable, with the bounds that their tables state.
#include <cmath>

#include "tacit/nn/testing/op_case.h"

namespace tacit::nn::testing {

namespace {

constexpr double kMagnitude = 1.0 / 8192;  ///< relative error of functions of any magnitude

struct Builder {
  std::vector<OpCase> rows;
  std::uint64_t seed = 100;

  void add(const Op* op, const std::string& what, PublicTensor x, Attrs attrs, Reference f, Bound forward,
           Bound gradient, double tolerance = 1e-9) {
    rows.push_back(
        {op, what, {{std::move(x)}}, std::move(attrs), std::move(f), forward, gradient, {}, tolerance});
  }
  /// Over an interval, both ends included.
  void over(const Op* op, double low, double high, double (*f)(double), Bound forward, Bound gradient,
            double tolerance = 1e-9) {
    add(op, "from " + std::to_string(low) + " to " + std::to_string(high),
        starting_with({low, high}, uniform({5, 13}, low, high, ++seed)), {}, each(f), forward, gradient,
        tolerance);
  }
};

double gelu(double x) { return x / 2 * std::erfc(-x * std::sqrt(0.5)); }
double gelu_by_tanh(double x) {
  return x / 2 * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
}
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

void add_bent(Builder& b) {
  const PublicTensor x = edges({4, 11}, 60);
  b.add(&kRelu, "edges", x, {}, each([](double v) { return std::max(v, 0.0); }), {}, {});
  b.add(&kRelu, "one", uniform({1}, -1, 1, 61), {}, each([](double v) { return std::max(v, 0.0); }), {}, {});
  // More than a comparison takes in one go.
  b.add(&kRelu, "many", uniform({250000}, -4, 4, 66), {}, each([](double v) { return std::max(v, 0.0); }), {},
        {});
  b.add(&kAbs, "edges", x, {}, each([](double v) { return std::fabs(v); }), {}, {});
  b.add(&kClip, "both sides", x, {{"min", -1.0}, {"max", 2.5}},
        each([](double v) { return std::clamp(v, -1.0, 2.5); }), {}, {});
  b.add(&kClip, "below", x, {{"min", -1.5}}, each([](double v) { return std::max(v, -1.5); }), {}, {});
  b.add(&kClip, "above", x, {{"max", 0.5}}, each([](double v) { return std::min(v, 0.5); }), {}, {});
  b.add(&kClip, "neither", x, {}, each([](double v) { return v; }), {}, {});
  b.add(&kHardSigmoid, "edges", x, {}, each([](double v) { return std::clamp(0.2 * v + 0.5, 0.0, 1.0); }),
        {2}, {1, std::ldexp(1, -16)});
  b.add(&kHardSigmoid, "own slope", x, {{"alpha", 0.3}, {"beta", 0.25}},
        each([](double v) { return std::clamp(0.3 * v + 0.25, 0.0, 1.0); }), {2}, {1, std::ldexp(1, -16)});
  b.add(&kHardSwish, "edges", x, {}, each([](double v) { return v * std::clamp(v / 6 + 0.5, 0.0, 1.0); }),
        {10}, {8});
  b.add(&kLeakyRelu, "edges", x, {}, each([](double v) { return v < 0 ? 0.01 * v : v; }),
        {1, std::ldexp(1, -16)}, {1, std::ldexp(1, -16)});
  b.add(&kLeakyRelu, "own slope", x, {{"alpha", 0.3}}, each([](double v) { return v < 0 ? 0.3 * v : v; }),
        {1, std::ldexp(1, -16)}, {1, std::ldexp(1, -16)});
  b.add(&kThresholdedRelu, "edges", x, {}, each([](double v) { return v > 1 ? v : 0; }), {}, {});
  b.add(&kThresholdedRelu, "own threshold", uniform({40}, -3, 3, 68), {{"alpha", -0.5}},
        each([](double v) { return v > -0.5 ? v : 0; }), {}, {});
  const Reference prelu = pairwise([](double v, double slope) { return v < 0 ? slope * v : v; });
  b.rows.push_back({&kPRelu, "a slope a column", {{x}, {uniform({11}, -1, 1, 62)}}, {}, prelu, {1}, {2}});
  b.rows.push_back({&kPRelu, "one slope", {{x}, {uniform({1}, -1, 1, 63)}}, {}, prelu, {1}, {2}});
}

void add_exponential(Builder& b) {
  b.over(&kExp, -14, 3, [](double x) { return std::exp(x); }, {5, kMagnitude}, {12, kMagnitude});
  b.over(
      &kExp, -40, 9.9, [](double x) { return std::exp(x); }, {5, kMagnitude}, {12, kMagnitude}, 2e-7);
  b.over(&kSigmoid, -12, 12, sigmoid, {3}, {9});
  b.over(&kSigmoid, -2000, 2000, sigmoid, {3}, {9}, 4e-7);
  b.over(&kTanh, -4, 4, [](double x) { return std::tanh(x); }, {3}, {16});
  b.over(
      &kTanh, -2000, 2000, [](double x) { return std::tanh(x); }, {3}, {16}, 1e-6);
  b.over(&kSoftplus, -12, 12, [](double x) { return std::log1p(std::exp(x)); }, {5}, {8});
  b.over(
      &kSoftplus, -1000, 700, [](double x) { return std::log1p(std::exp(x)); }, {5}, {8}, 4e-7);
  b.over(&kErf, -3, 3, [](double x) { return std::erf(x); }, {3}, {20});
  b.over(
      &kErf, -2000, 2000, [](double x) { return std::erf(x); }, {3}, {20}, 1e-6);
  b.over(&kGelu, -8, 8, gelu, {3}, {9});
  b.over(&kGelu, -2000, 2000, gelu, {3}, {9});
  const Attrs by_tanh{{"approximate", std::string("tanh")}};
  b.add(&kGelu, "by tanh", starting_with({-8, 8}, uniform({5, 13}, -8, 8, 69)), by_tanh, each(gelu_by_tanh),
        {3}, {9});
  b.add(&kGelu, "by tanh, edges", edges({4, 11}, 70), by_tanh, each(gelu_by_tanh), {3}, {9});
  b.over(&kSoftsign, -1000, 1000, [](double x) { return x / (1 + std::fabs(x)); }, {3, kMagnitude},
         {8, 2 * kMagnitude});
  b.over(&kCelu, -6, 6, [](double x) { return x < 0 ? std::expm1(x) : x; }, {3}, {8});
  b.add(&kCelu, "own alpha", uniform({4, 11}, -8, 8, 67), {{"alpha", 0.7}},
        each([](double x) { return x < 0 ? 0.7 * std::expm1(x / 0.7) : x; }), {5}, {8});
  b.over(&kSelu, -6, 6,
         [](double x) { return 1.0507010221481323 * (x < 0 ? 1.6732631921768188 * std::expm1(x) : x); },
         {8, std::ldexp(1, -16)}, {16, std::ldexp(1, -15)});
  const auto elu = [](double x) { return x < 0 ? std::expm1(x) : x; };
  b.add(&kElu, "edges", edges({4, 11}, 64), {}, each(elu), {3}, {8}, 4e-7);
  b.add(&kElu, "own alpha", uniform({4, 11}, -8, 8, 65), {{"alpha", 0.7}},
        each([](double x) { return x < 0 ? 0.7 * std::expm1(x) : x; }), {4}, {8});
}

void add_of_any_magnitude(Builder& b) {
  b.over(&kReciprocal, 0.5, 100, [](double x) { return 1 / x; }, {2, kMagnitude}, {16, std::ldexp(1, -11)});
  b.over(&kReciprocal, -100, -0.5, [](double x) { return 1 / x; }, {2, kMagnitude}, {16, std::ldexp(1, -11)});
  b.over(&kRsqrt, 0.25, 1000, [](double x) { return 1 / std::sqrt(x); }, {2, kMagnitude},
         {16, std::ldexp(1, -11)});
  b.over(&kSqrt, 0.25, 1000, [](double x) { return std::sqrt(x); }, {2, kMagnitude}, {5, kMagnitude});
  b.over(&kLog, 0.25, 1000, [](double x) { return std::log(x); }, {3, kMagnitude}, {6, kMagnitude});
}

void add_power(Builder& b, double n, double low, double high, double (*f)(double), Bound forward,
               Bound gradient) {
  b.rows.push_back({&kPow,
                    "to " + std::to_string(n),
                    {{uniform({21}, low, high, ++b.seed)}, known({{}, {n}})},
                    {},
                    each(f),
                    forward,
                    gradient});
}

void add_powers(Builder& b) {
  add_power(b, 0, -2, 2, [](double) { return 1.0; }, {}, {});
  add_power(b, 1, -2, 2, [](double x) { return x; }, {}, {1});
  add_power(b, 2, -2, 2, [](double x) { return x * x; }, {1}, {2});
  add_power(b, 3, -2, 2, [](double x) { return x * x * x; }, {5}, {10});
  add_power(b, 5, -2, 2, [](double x) { return std::pow(x, 5); }, {60}, {200});
  add_power(b, 0.5, 0.5, 9, [](double x) { return std::sqrt(x); }, {2, kMagnitude}, {5, kMagnitude});
  add_power(b, -0.5, 0.5, 9, [](double x) { return 1 / std::sqrt(x); }, {2, kMagnitude},
            {16, std::ldexp(1, -11)});
  add_power(b, -1, 0.5, 9, [](double x) { return 1 / x; }, {2, kMagnitude}, {20, std::ldexp(1, -11)});
  add_power(b, -2, 1, 9, [](double x) { return 1 / (x * x); }, {8, std::ldexp(1, -11)},
            {30, std::ldexp(1, -10)});
}

}  // namespace

std::vector<OpCase> function_cases() {
  Builder b;
  add_bent(b);
  add_exponential(b);
  add_of_any_magnitude(b);
  add_powers(b);
  return b.rows;
}

}  // namespace tacit::nn::testing
