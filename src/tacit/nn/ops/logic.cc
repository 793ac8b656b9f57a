// Comparisons and logic: Sign, Equal, Less, LessOrEqual, Greater, GreaterOrEqual, Not, And, Or, Xor and
// Where. Truth is a number, 0 or 1. No gradients pass through a condition.
#include "tacit/nn/ops/axes.h"
#include "tacit/nn/ops/ops.h"

namespace tacit::nn {

namespace {

Secret<Real> spread(Ctx& ctx, const Call& call, std::size_t i) {
  return fn::broadcast_to(ctx, call.input(i).as_secret(ctx), broadcast_all(call.shapes(), call.attrs));
}

Value equal(Ctx& ctx, const Call& call, std::any*) {
  return fn::to_real(ctx, fn::equal(ctx, spread(ctx, call, 0), spread(ctx, call, 1)));
}
/// Whether the input `small` is less than the other.
template <std::size_t kSmall, bool kNegated>
Value less(Ctx& ctx, const Call& call, std::any*) {
  const Secret<Bit> bit = fn::less(ctx, spread(ctx, call, kSmall), spread(ctx, call, 1 - kSmall));
  return fn::to_real(ctx, kNegated ? fn::bit_not(ctx, bit) : bit);
}

/// [x > 0] - [x < 0]
Value sign(Ctx& ctx, const Call& call, std::any*) {
  const Secret<Real> x = call.input(0).as_secret(ctx), back = fn::negate(ctx, x);
  const Secret<Real>* both[] = {&back, &x};
  const Shape shapes[] = {x.shape(), x.shape()};
  const auto sides =
      fn::split<Real>(ctx, fn::to_real(ctx, fn::is_negative(ctx, fn::join<Real>(ctx, both))), shapes);
  return fn::sub(ctx, sides[0], sides[1]);
}

Value logical_not(Ctx& ctx, const Call& call, std::any*) {
  const double one = 1;
  return fn::add_public(ctx, fn::negate(ctx, call.input(0).as_secret(ctx)), {&one, 1});
}
/// a + b - kTimes·ab; the sum left out for And.
template <bool kSum, int kTimes>
Value logical(Ctx& ctx, const Call& call, std::any*) {
  const Secret<Real> a = spread(ctx, call, 0), b = spread(ctx, call, 1);
  const Secret<Real> both = fn::trunc(ctx, fn::mul(ctx, a, b));
  return kSum ? fn::sub(ctx, fn::add(ctx, a, b), fn::scale(ctx, both, kTimes)) : both;
}

/// Where a public condition is true: 1.
std::vector<double> known_choice(const Call& call, const Shape& out) {
  const PublicTensor& c = call.input(0).known("");
  std::vector<double> choice;
  for (std::size_t at : broadcast_places(c.shape, out)) choice.push_back(c.values[at] != 0 ? 1 : 0);
  return choice;
}

// no + c (yes - no); |yes - no| has to be a Real as well.
Value where_forward(Ctx& ctx, const Call& call, std::any*) {
  const Shape out = broadcast_all(call.shapes(), call.attrs);
  const Secret<Real> yes = spread(ctx, call, 1), no = spread(ctx, call, 2);
  if (!call.input(0).is_secret()) {
    const auto choice = known_choice(call, out);
    std::vector<std::size_t> from(choice.size());
    for (std::size_t i = 0; i < from.size(); ++i) from[i] = choice[i] != 0 ? i : from.size() + i;
    const Secret<Real>* both[] = {&yes, &no};
    return fn::gather(ctx, fn::join<Real>(ctx, both), from, out);
  }
  return fn::add(ctx, no, fn::trunc(ctx, fn::mul(ctx, spread(ctx, call, 0), fn::sub(ctx, yes, no))));
}
void where_backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
                    std::span<Grad* const> to) {
  const Secret<Real> chosen = call.input(0).is_secret()
                                  ? fn::trunc(ctx, fn::mul(ctx, spread(ctx, call, 0), grad))
                                  : fn::scale_each(ctx, grad, known_choice(call, grad.shape()));
  if (to[1] != nullptr) to[1]->add(ctx, fn::sum_to(ctx, chosen, call.input(1).shape()));
  if (to[2] != nullptr) to[2]->add(ctx, fn::sum_to(ctx, fn::sub(ctx, grad, chosen), call.input(2).shape()));
}

}  // namespace

const Op kAnd{"And", "both of two conditions", 2, 2, broadcast_all, logical<false, 1>, nullptr};
const Op kEqual{"Equal", "1 where two tensors are equal", 2, 2, broadcast_all, equal, nullptr};
const Op kGreater{"Greater", "1 where a > b", 2, 2, broadcast_all, less<1, false>, nullptr};
const Op kGreaterOrEqual{"GreaterOrEqual", "1 where a >= b", 2, 2, broadcast_all, less<0, true>, nullptr};
const Op kLess{"Less", "1 where a < b", 2, 2, broadcast_all, less<0, false>, nullptr};
const Op kLessOrEqual{"LessOrEqual", "1 where a <= b", 2, 2, broadcast_all, less<1, true>, nullptr};
const Op kNot{"Not", "the opposite of a condition", 1, 1, shape_of_first, logical_not, nullptr};
const Op kOr{"Or", "one of two conditions, or both", 2, 2, broadcast_all, logical<true, 1>, nullptr};
const Op kSign{"Sign", "-1, 0 or 1", 1, 1, shape_of_first, sign, nullptr};
const Op kXor{"Xor", "one of two conditions, not both", 2, 2, broadcast_all, logical<true, 2>, nullptr};
const Op kWhere{"Where",       "one of two tensors, as a condition says", 3, 3, broadcast_all, where_forward,
                where_backward};

}  // namespace tacit::nn
