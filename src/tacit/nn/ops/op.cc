#include "tacit/nn/ops/op.h"

#include "tacit/base/error.h"

namespace tacit::nn {

const Shape& Value::shape() const {
  return is_secret() ? std::get<Secret<Real>>(data_).shape() : std::get<PublicTensor>(data_).shape;
}
const Secret<Real>& Value::secret(std::string_view use) const {
  require(is_secret(), "{} must be a secret tensor here, not a constant", use);
  return std::get<Secret<Real>>(data_);
}
const PublicTensor& Value::known(std::string_view use) const {
  require(!is_secret(), "{} must be a constant: it cannot depend on secret data", use);
  return std::get<PublicTensor>(data_);
}
Secret<Real> Value::as_secret(Ctx& ctx) const {
  return is_secret() ? std::get<Secret<Real>>(data_) : fn::constant(ctx, std::get<PublicTensor>(data_));
}

void Grad::add(Ctx& ctx, Secret<Real> g) {
  if (real_)
    real_ = fn::add(ctx, *real_, g);
  else
    real_ = std::move(g);
}
void Grad::add(Ctx& ctx, Secret<Wide> g) {
  if (wide_)
    wide_ = fn::add(ctx, *wide_, g);
  else
    wide_ = std::move(g);
}
Secret<Real> Grad::real(Ctx& ctx) const {
  ensure(!empty(), "a gradient that nobody gave");
  return wide_ ? fn::trunc(ctx, wide(ctx)) : *real_;
}
Secret<Wide> Grad::wide(Ctx& ctx) const {
  ensure(!empty(), "a gradient that nobody gave");
  if (!wide_) return fn::lift(ctx, *real_);
  return real_ ? fn::add(ctx, *wide_, fn::lift(ctx, *real_)) : *wide_;
}

std::vector<Shape> Call::shapes() const {
  std::vector<Shape> out;
  for (const Value* v : in) out.push_back(v == nullptr ? Shape{} : v->shape());
  return out;
}

}  // namespace tacit::nn
