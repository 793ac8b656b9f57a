// MatMul: [.., m, k] · [.., k, n], and Gemm: alpha·A·B + beta·C with either factor transposed. One product,
// one truncation; gradients are two products.
#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/nn/ops/ops.h"

namespace tacit::nn {

namespace {

Bilinear product(const Attrs& attrs) {
  return Bilinear::matmul(attrs.integer("transA", 0) != 0, attrs.integer("transB", 0) != 0);
}

/// Leading axes of the two factors made equal by repeating.
Shape common_lead(const Shape& a, const Shape& b) {
  require(a.size() >= 2 && b.size() >= 2, "a matrix product needs matrices, not {} and {}", to_string(a),
          to_string(b));
  return broadcast(Shape(a.begin(), a.end() - 2), Shape(b.begin(), b.end() - 2));
}
Shape with_lead(Shape lead, const Shape& matrix) {
  lead.insert(lead.end(), matrix.end() - 2, matrix.end());
  return lead;
}

Shape matmul_shape(std::span<const Shape> in, const Attrs&) {
  const Shape lead = common_lead(in[0], in[1]);
  return Bilinear::matmul().output_shape(with_lead(lead, in[0]), with_lead(lead, in[1]));
}

/// All rows of a tensor, to be multiplied by one matrix: nothing of it need be repeated.
Secret<Real> rows_of(Ctx& ctx, const Secret<Real>& x) {
  return fn::reshape(ctx, x, {x.size() / std::max<std::size_t>(x.shape().back(), 1), x.shape().back()});
}

Value matmul_forward(Ctx& ctx, const Call& call, std::any*) {
  const Secret<Real> a = call.input(0).as_secret(ctx), b = call.input(1).as_secret(ctx);
  if (b.shape().size() == 2) {
    const Shape in[] = {a.shape(), b.shape()};
    const Secret<Real> y = fn::trunc(ctx, fn::matmul(ctx, rows_of(ctx, a), b));
    return fn::reshape(ctx, y, matmul_shape(in, call.attrs));
  }
  const Shape lead = common_lead(a.shape(), b.shape());
  return fn::trunc(ctx, fn::matmul(ctx, fn::broadcast_to(ctx, a, with_lead(lead, a.shape())),
                                   fn::broadcast_to(ctx, b, with_lead(lead, b.shape()))));
}

void matmul_backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
                     std::span<Grad* const> to) {
  const Secret<Real> a = call.input(0).as_secret(ctx), b = call.input(1).as_secret(ctx);
  if (b.shape().size() == 2) {
    const Secret<Real> g = rows_of(ctx, grad);
    if (to[0] != nullptr) to[0]->add(ctx, fn::reshape(ctx, fn::matmul(ctx, g, b, false, true), a.shape()));
    if (to[1] != nullptr) to[1]->add(ctx, fn::matmul(ctx, rows_of(ctx, a), g, true, false));
    return;
  }
  const Shape lead = common_lead(a.shape(), b.shape());
  const Secret<Real> wide_a = fn::broadcast_to(ctx, a, with_lead(lead, a.shape()));
  const Secret<Real> wide_b = fn::broadcast_to(ctx, b, with_lead(lead, b.shape()));
  if (to[0] != nullptr)
    to[0]->add(ctx, fn::sum_to(ctx, fn::matmul(ctx, grad, wide_b, false, true), a.shape()));
  if (to[1] != nullptr)
    to[1]->add(ctx, fn::sum_to(ctx, fn::matmul(ctx, wide_a, grad, true, false), b.shape()));
}

Shape gemm_shape(std::span<const Shape> in, const Attrs& attrs) {
  const Shape out = product(attrs).output_shape(in[0], in[1]);
  if (in.size() > 2)
    require(broadcast(in[2], out) == out, "a bias {} does not fit a product {}", to_string(in[2]),
            to_string(out));
  return out;
}

Value gemm_forward(Ctx& ctx, const Call& call, std::any*) {
  const double alpha = call.attrs.real("alpha", 1), beta = call.attrs.real("beta", 1);
  const Secret<Real> a = call.input(0).as_secret(ctx), b = call.input(1).as_secret(ctx);
  const Secret<Wide> y = fn::bilinear(ctx, product(call.attrs), a, b);
  if (alpha != 1) {
    const Secret<Real> scaled = fn::scaled(ctx, fn::trunc(ctx, y), alpha);
    if (!call.has(2)) return scaled;
    const Secret<Real> c = call.input(2).as_secret(ctx);
    return fn::add(ctx, scaled, beta == 1 ? c : fn::scaled(ctx, c, beta));
  }
  if (!call.has(2)) return fn::trunc(ctx, y);
  const Secret<Real> c = call.input(2).as_secret(ctx);
  return fn::trunc(ctx, fn::add(ctx, y, beta == 1 ? fn::lift(ctx, c) : fn::mul_public(ctx, c, beta)));
}

void gemm_backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
                   std::span<Grad* const> to) {
  const double alpha = call.attrs.real("alpha", 1), beta = call.attrs.real("beta", 1);
  const bool ta = call.attrs.integer("transA", 0) != 0, tb = call.attrs.integer("transB", 0) != 0;
  const Secret<Real> a = call.input(0).as_secret(ctx), b = call.input(1).as_secret(ctx);
  const Secret<Real> g = alpha == 1 ? grad : fn::scaled(ctx, grad, alpha);
  // Of a transposed factor, the gradient is the transposed product.
  if (to[0] != nullptr)
    to[0]->add(ctx, ta ? fn::matmul(ctx, b, g, tb, true) : fn::matmul(ctx, g, b, false, !tb));
  if (to[1] != nullptr)
    to[1]->add(ctx, tb ? fn::matmul(ctx, g, a, true, ta) : fn::matmul(ctx, a, g, !ta, false));
  if (to.size() > 2 && to[2] != nullptr) {
    const Secret<Real> c = fn::sum_to(ctx, grad, call.input(2).shape());
    to[2]->add(ctx, beta == 1 ? c : fn::scaled(ctx, c, beta));
  }
}

}  // namespace

const Op kMatMul{"MatMul", "matrix product", 2, 2, matmul_shape, matmul_forward, matmul_backward};
const Op kGemm{"Gemm", "matrix product with bias", 2, 3, gemm_shape, gemm_forward, gemm_backward};

}  // namespace tacit::nn
