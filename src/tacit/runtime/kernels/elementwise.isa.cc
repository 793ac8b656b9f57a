// Functions of one number and of two, number by number. See kernels.h. Compiled once for each instruction
// set.
#include "tacit/runtime/kernels/functions.h"
#include "tacit/runtime/kernels/kernels.h"

namespace tacit::TACIT_ISA {
namespace {

using namespace lanes;
using runtime::Binary;
using runtime::Unary;

using OfOne = F (*)(F x, const float* p);
using OfTwo = F (*)(F a, F b);

template <OfOne kFunction>
void each(size_t n, const float* x, const float* p, float* out) {
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(out + i, kFunction(load(x + i), p));
  if (i < n) store(out + i, kFunction(load(x + i, n - i), p), n - i);
}

template <OfTwo kFunction>
void pairs(size_t n, const float* a, size_t a_step, const float* b, size_t b_step, float* out) {
  if (n == 0) return;
  const F a0 = all(a[0]), b0 = all(b[0]);
  size_t i = 0;
  if (a_step != 0 && b_step != 0) {
    for (; i + kLanes <= n; i += kLanes) store(out + i, kFunction(load(a + i), load(b + i)));
  } else if (a_step != 0) {
    for (; i + kLanes <= n; i += kLanes) store(out + i, kFunction(load(a + i), b0));
  } else if (b_step != 0) {
    for (; i + kLanes <= n; i += kLanes) store(out + i, kFunction(a0, load(b + i)));
  } else {
    const F y = kFunction(a0, b0);
    for (; i + kLanes <= n; i += kLanes) store(out + i, y);
  }
  if (i == n) return;
  const F x = a_step != 0 ? load(a + i, n - i) : a0, y = b_step != 0 ? load(b + i, n - i) : b0;
  store(out + i, kFunction(x, y), n - i);
}

void choose(size_t n, const float* c, size_t c_step, const float* a, size_t a_step, const float* b,
            size_t b_step, float* out) {
  for (size_t i = 0; i < n; ++i) {
    const float yes = a[i * a_step], no = b[i * b_step];
    out[i] = c[i * c_step] != 0 ? yes : no;
  }
}

F clamp(F x, F low, F high) { return smaller(larger(x, low), high); }
/// 1 where it is true.
F truth(I mask) { return bits_of(mask & bits_of(all(1.0f))); }

F abs_of(F x, const float*) { return magnitude(x); }
F clamp_of(F x, const float* p) { return clamp(x, all(p[0]), all(p[1])); }
F elu_of(F x, const float* p) { return x < 0.0f ? p[2] * exp_less_one(x * p[0]) : x * p[1]; }
F erf_at(F x, const float*) { return erf_of(x); }
F exp_at(F x, const float*) { return exp_of(x); }
F gelu_of(F x, const float*) { return 0.5f * x * (1.0f + erf_of(x * 0.707106781f)); }
F gelu_tanh_of(F x, const float*) {
  return 0.5f * x * (1.0f + tanh_of(0.797884561f * (x + 0.044715f * x * x * x)));
}
F hard_sigmoid_of(F x, const float* p) { return clamp(x * p[0] + p[1], F{}, all(1.0f)); }
F hard_swish_of(F x, const float*) { return x * clamp(x * (1.0f / 6) + 0.5f, F{}, all(1.0f)); }
F leaky_of(F x, const float* p) { return x < 0.0f ? x * p[0] : x; }
F log_at(F x, const float*) { return log_of(x); }
F neg_of(F x, const float*) { return -x; }
F not_of(F x, const float*) { return 1.0f - x; }
F reciprocal_of(F x, const float*) { return 1.0f / x; }
F rsqrt_of(F x, const float*) { return 1.0f / square_root(x); }
F scale_of(F x, const float* p) { return x * p[0] + p[1]; }
F sigmoid_at(F x, const float*) { return sigmoid_of(x); }
F sign_of(F x, const float*) { return truth(x > 0.0f) - truth(x < 0.0f); }
F softplus_at(F x, const float*) { return softplus_of(x); }
F softsign_of(F x, const float*) { return x / (1.0f + magnitude(x)); }
F sqrt_of(F x, const float*) { return square_root(x); }
F square_of(F x, const float*) { return x * x; }
F tanh_at(F x, const float*) { return tanh_of(x); }
F threshold_of(F x, const float* p) { return x > p[0] ? x : F{}; }

F add(F a, F b) { return a + b; }
F both(F a, F b) { return a * b; }
F divide(F a, F b) { return a / b; }
F equal(F a, F b) { return truth(a == b); }
F less(F a, F b) { return truth(a < b); }
F less_or_equal(F a, F b) { return truth(a <= b); }
F either(F a, F b) { return a + b - a * b; }
F prelu(F a, F b) { return a < 0.0f ? a * b : a; }
F subtract(F a, F b) { return a - b; }
F one_alone(F a, F b) { return a + b - 2.0f * a * b; }

}  // namespace

void fill_elementwise(runtime::FloatKernels& k) {
  const auto one = [&](Unary u, auto f) { k.unary[static_cast<size_t>(u)] = f; };
  one(Unary::Abs, each<abs_of>);
  one(Unary::Clamp, each<clamp_of>);
  one(Unary::Elu, each<elu_of>);
  one(Unary::Erf, each<erf_at>);
  one(Unary::Exp, each<exp_at>);
  one(Unary::Gelu, each<gelu_of>);
  one(Unary::GeluTanh, each<gelu_tanh_of>);
  one(Unary::HardSigmoid, each<hard_sigmoid_of>);
  one(Unary::HardSwish, each<hard_swish_of>);
  one(Unary::Leaky, each<leaky_of>);
  one(Unary::Log, each<log_at>);
  one(Unary::Neg, each<neg_of>);
  one(Unary::Not, each<not_of>);
  one(Unary::Reciprocal, each<reciprocal_of>);
  one(Unary::Rsqrt, each<rsqrt_of>);
  one(Unary::Scale, each<scale_of>);
  one(Unary::Sigmoid, each<sigmoid_at>);
  one(Unary::Sign, each<sign_of>);
  one(Unary::Softplus, each<softplus_at>);
  one(Unary::Softsign, each<softsign_of>);
  one(Unary::Sqrt, each<sqrt_of>);
  one(Unary::Square, each<square_of>);
  one(Unary::Tanh, each<tanh_at>);
  one(Unary::Threshold, each<threshold_of>);
  const auto two = [&](Binary b, auto f) { k.binary[static_cast<size_t>(b)] = f; };
  two(Binary::Add, pairs<add>);
  two(Binary::And, pairs<both>);
  two(Binary::Div, pairs<divide>);
  two(Binary::Equal, pairs<equal>);
  two(Binary::Less, pairs<less>);
  two(Binary::LessOrEqual, pairs<less_or_equal>);
  two(Binary::Max, pairs<larger>);
  two(Binary::Min, pairs<smaller>);
  two(Binary::Mul, pairs<both>);
  two(Binary::Or, pairs<either>);
  two(Binary::PRelu, pairs<prelu>);
  two(Binary::Sub, pairs<subtract>);
  two(Binary::Xor, pairs<one_alone>);
  k.choose = choose;
}

}  // namespace tacit::TACIT_ISA
