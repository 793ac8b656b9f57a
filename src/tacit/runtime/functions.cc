// Steps of operators that make one number of one.
#include <cmath>

#include "tacit/base/error.h"
#include "tacit/nn/ops/ops.h"
#include "tacit/runtime/makers.h"

namespace tacit::runtime {

namespace {

constexpr float kNoBound = std::numeric_limits<float>::infinity();
/// Numbers that a task takes: they stay in a cache.
constexpr std::size_t kChunk = 1 << 14;

struct Parameters {
  float p[3] = {0, 0, 0};
};

Step function_step(const Request& r, Unary function, Parameters parameters = {}) {
  Step s;
  const std::size_t n = elements(r.out);
  s.in_place = {0};
  s.run = [=](const Call& c) {
    const auto f = c.work.kernels.unary[static_cast<std::size_t>(function)];
    c.work.each((n + kChunk - 1) / kChunk, kChunk, [&](std::size_t chunk, float*) {
      const std::size_t begin = chunk * kChunk;
      f(std::min(kChunk, n - begin), c.in[0] + begin, parameters.p, c.out + begin);
    });
  };
  return s;
}

template <Unary kFunction>
Step plain(const Request& r) {
  return function_step(r, kFunction);
}

float real(const Request& r, std::string_view name, double otherwise) {
  return static_cast<float>(r.attrs.real(name, otherwise));
}

Step relu(const Request& r) { return function_step(r, Unary::Clamp, {{0, kNoBound}}); }
Step clip(const Request& r) {
  if (!r.attrs.has("min") && !r.attrs.has("max")) return the_operand_itself();
  return function_step(r, Unary::Clamp,
                       {{r.attrs.has("min") ? real(r, "min", 0) : -kNoBound,
                         r.attrs.has("max") ? real(r, "max", 0) : kNoBound}});
}
Step elu(const Request& r) { return function_step(r, Unary::Elu, {{1, 1, real(r, "alpha", 1)}}); }
Step celu(const Request& r) {
  const double alpha = r.attrs.real("alpha", 1);
  return function_step(r, Unary::Elu, {{static_cast<float>(1 / alpha), 1, static_cast<float>(alpha)}});
}
Step selu(const Request& r) {
  const double alpha = r.attrs.real("alpha", 1.67326319217681884765625),
               gamma = r.attrs.real("gamma", 1.05070102214813232421875);
  return function_step(r, Unary::Elu, {{1, static_cast<float>(gamma), static_cast<float>(alpha * gamma)}});
}
Step gelu(const Request& r) {
  return function_step(r, r.attrs.text("approximate", "none") == "tanh" ? Unary::GeluTanh : Unary::Gelu);
}
Step hard_sigmoid(const Request& r) {
  return function_step(r, Unary::HardSigmoid, {{real(r, "alpha", 0.2), real(r, "beta", 0.5)}});
}
Step leaky(const Request& r) { return function_step(r, Unary::Leaky, {{real(r, "alpha", 0.01)}}); }
Step threshold(const Request& r) { return function_step(r, Unary::Threshold, {{real(r, "alpha", 1)}}); }

/// x^n by squaring, for a whole n.
float whole_power(float x, int n) {
  double product = 1, base = static_cast<double>(x);
  for (auto left = static_cast<unsigned>(n < 0 ? -n : n); left != 0; left >>= 1, base *= base)
    if ((left & 1) != 0) product *= base;
  return static_cast<float>(n < 0 ? 1 / product : product);
}

Step power(const Request& r) {
  const std::size_t n = elements(r.out), exponents = elements(r.in[1]);
  if (r.known[1] != nullptr && exponents == 1) {
    const double e = r.known[1]->values[0];
    if (e == 1) return the_operand_itself();
    if (e == 2) return function_step(r, Unary::Square);
    if (e == 0.5) return function_step(r, Unary::Sqrt);
    if (e == -0.5) return function_step(r, Unary::Rsqrt);
    if (e == -1) return function_step(r, Unary::Reciprocal);
    if (e == std::nearbyint(e) && std::fabs(e) <= 64) {
      Step s;
      s.in_place = {0};
      s.run = [=](const Call& c) {
        for (std::size_t i = 0; i < n; ++i) c.out[i] = whole_power(c.in[0][i], static_cast<int>(e));
      };
      return s;
    }
  }
  const auto places = broadcast_strides(r.in[1], r.out), own = row_major_strides(r.out);
  const Shape out = r.out;
  Step s;
  s.in_place = {0};
  s.run = [=](const Call& c) {
    for (std::size_t i = 0; i < n; ++i) {
      std::size_t at = 0;
      for (std::size_t axis = 0; axis < out.size(); ++axis) at += i / own[axis] % out[axis] * places[axis];
      c.out[i] = std::pow(c.in[0][i], c.in[1][at]);
    }
  };
  return s;
}

}  // namespace

std::span<const Maker> function_makers() {
  static constexpr Maker kAll[] = {{&nn::kAbs, plain<Unary::Abs>},
                                   {&nn::kCelu, celu},
                                   {&nn::kClip, clip},
                                   {&nn::kElu, elu},
                                   {&nn::kErf, plain<Unary::Erf>},
                                   {&nn::kExp, plain<Unary::Exp>},
                                   {&nn::kGelu, gelu},
                                   {&nn::kHardSigmoid, hard_sigmoid},
                                   {&nn::kHardSwish, plain<Unary::HardSwish>},
                                   {&nn::kLeakyRelu, leaky},
                                   {&nn::kLog, plain<Unary::Log>},
                                   {&nn::kNeg, plain<Unary::Neg>},
                                   {&nn::kNot, plain<Unary::Not>},
                                   {&nn::kPow, power},
                                   {&nn::kReciprocal, plain<Unary::Reciprocal>},
                                   {&nn::kRelu, relu},
                                   {&nn::kRsqrt, plain<Unary::Rsqrt>},
                                   {&nn::kSelu, selu},
                                   {&nn::kSigmoid, plain<Unary::Sigmoid>},
                                   {&nn::kSign, plain<Unary::Sign>},
                                   {&nn::kSoftplus, plain<Unary::Softplus>},
                                   {&nn::kSoftsign, plain<Unary::Softsign>},
                                   {&nn::kSqrt, plain<Unary::Sqrt>},
                                   {&nn::kTanh, plain<Unary::Tanh>},
                                   {&nn::kThresholdedRelu, threshold}};
  return kAll;
}

}  // namespace tacit::runtime
