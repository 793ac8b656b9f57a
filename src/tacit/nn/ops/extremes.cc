// The largest and the smallest: Max and Min of several tensors, ReduceMax and ReduceMin over axes,
// GlobalMaxPool. All by tournaments; the gradient goes to the winner, one of them if there are several.
#include "tacit/base/error.h"
#include "tacit/nn/ops/axes.h"
#include "tacit/nn/ops/ops.h"

namespace tacit::nn {

namespace {

/// The contestants' winner: the largest, or the smallest as the negative of the largest negative.
Value play(Ctx& ctx, const Secret<Real>& contestants, bool largest, const Shape& out, std::any* saved) {
  fn::Tournament game = fn::tournament(ctx, largest ? contestants : fn::negate(ctx, contestants));
  Secret<Real> y = fn::reshape(ctx, largest ? game.value : fn::negate(ctx, game.value), out);
  if (saved != nullptr) *saved = std::move(game);
  return y;
}
Secret<Real> prizes(Ctx& ctx, const std::any& saved, const Secret<Real>& grad) {
  const auto& game = std::any_cast<const fn::Tournament&>(saved);
  return fn::award(ctx, game, fn::reshape(ctx, grad, game.value.shape()));
}

template <bool kLargest>
Value several_forward(Ctx& ctx, const Call& call, std::any* saved) {
  Shape all = broadcast_all(call.shapes(), call.attrs);
  const Shape out = all;
  std::vector<Secret<Real>> spread;
  std::vector<const Secret<Real>*> list;
  for (std::size_t i = 0; i < call.in.size(); ++i)
    spread.push_back(fn::broadcast_to(ctx, call.input(i).as_secret(ctx), out));
  for (const auto& x : spread) list.push_back(&x);
  all.insert(all.begin(), spread.size());
  return play(ctx, fn::reshape(ctx, fn::join<Real>(ctx, list), all), kLargest, out, saved);
}
void several_backward(Ctx& ctx, const Call& call, const Value&, const std::any& saved,
                      const Secret<Real>& grad, std::span<Grad* const> to) {
  const auto each =
      fn::split(ctx, prizes(ctx, saved, grad), std::vector<Shape>(call.in.size(), grad.shape()));
  for (std::size_t i = 0; i < each.size(); ++i)
    if (to[i] != nullptr) to[i]->add(ctx, fn::sum_to(ctx, each[i], call.input(i).shape()));
}

Shape reduced_shape(std::span<const Shape> in, const Attrs& attrs) {
  require(elements(in[0]) > 0, "nothing can be made of no numbers");
  return without(in[0], axes_of(attrs, in[0]), attrs.integer("keepdims", 1) != 0);
}
template <bool kLargest>
Value reduce_forward(Ctx& ctx, const Call& call, std::any* saved) {
  const Secret<Real> x = call.input(0).as_secret(ctx);
  const Shape in[] = {x.shape()};
  return play(ctx, axes_first(ctx, x, axes_of(call.attrs, x.shape())), kLargest,
              reduced_shape(in, call.attrs), saved);
}
void reduce_backward(Ctx& ctx, const Call& call, const Value&, const std::any& saved,
                     const Secret<Real>& grad, std::span<Grad* const> to) {
  if (to[0] == nullptr) return;
  const Shape& x = call.input(0).shape();
  to[0]->add(ctx, axes_back(ctx, prizes(ctx, saved, grad), axes_of(call.attrs, x), x));
}

constexpr std::size_t kImageAxes[] = {2, 3};
Shape pool_shape(std::span<const Shape> in, const Attrs&) {
  require(in[0].size() == 4, "a pool takes tensors of 4 axes, not {}", to_string(in[0]));
  return without(in[0], kImageAxes, true);
}
Value pool_forward(Ctx& ctx, const Call& call, std::any* saved) {
  const Secret<Real> x = call.input(0).as_secret(ctx);
  return play(ctx, axes_first(ctx, x, kImageAxes), true, without(x.shape(), kImageAxes, true), saved);
}
void pool_backward(Ctx& ctx, const Call& call, const Value&, const std::any& saved, const Secret<Real>& grad,
                   std::span<Grad* const> to) {
  if (to[0] != nullptr)
    to[0]->add(ctx, axes_back(ctx, prizes(ctx, saved, grad), kImageAxes, call.input(0).shape()));
}

constexpr std::size_t kMany = 1 << 20;

}  // namespace

const Op kGlobalMaxPool{"GlobalMaxPool", "largest of each channel", 1, 1, pool_shape, pool_forward,
                        pool_backward};
const Op kMax{"Max",
              "largest of several tensors, element by element",
              1,
              kMany,
              broadcast_all,
              several_forward<true>,
              several_backward};
const Op kMin{"Min",
              "smallest of several tensors, element by element",
              1,
              kMany,
              broadcast_all,
              several_forward<false>,
              several_backward};
const Op kReduceMax{"ReduceMax",          "largest along axes", 1, 1, reduced_shape,
                    reduce_forward<true>, reduce_backward};
const Op kReduceMin{"ReduceMin",           "smallest along axes", 1, 1, reduced_shape,
                    reduce_forward<false>, reduce_backward};

}  // namespace tacit::nn
