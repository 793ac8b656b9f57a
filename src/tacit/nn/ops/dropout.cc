// Dropout (Srivastava et al. 2014): in inference the tensor itself. In training, if a ratio is given and
// training_mode is not 0, each element is dropped with that probability and the others grow to make up for
// it. Which ones is public, the same at all parties, and drawn anew at each step; that says nothing of the
// data. One truncation.
#include <cmath>
#include <cstring>

#include "tacit/base/error.h"
#include "tacit/crypto/kdf.h"
#include "tacit/crypto/prg.h"
#include "tacit/nn/ops/axes.h"
#include "tacit/nn/ops/ops.h"

namespace tacit::nn {

namespace {

double ratio_of(const Attrs& attrs) {
  const double ratio = attrs.integer("training_mode", 1) == 0 ? 0 : attrs.real("ratio", 0);
  require(ratio >= 0 && ratio < 1, "a dropout ratio of {} is not in [0, 1)", ratio);
  return ratio;
}

Shape shape(std::span<const Shape> in, const Attrs& attrs) {
  ratio_of(attrs);
  return in[0];
}

/// 0 or 1/(1 - ratio) for each element.
std::vector<double> mask(std::uint64_t draw, std::size_t n, double ratio) {
  const SecretBytes key = derive_key(std::as_bytes(std::span(&draw, 1)), "dropout", Prg::kKeySize);
  const Prg prg(key.bytes(), Isa::Portable);
  std::vector<Word> random(n);
  prg.fill(0, 0, random);
  std::vector<double> out(n);
  for (std::size_t i = 0; i < n; ++i)
    out[i] = std::ldexp(static_cast<double>(random[i] >> 11), -53) < ratio ? 0 : 1 / (1 - ratio);
  return out;
}

Value forward(Ctx& ctx, const Call& call, std::any* saved) {
  const Secret<Real> x = call.input(0).as_secret(ctx);
  const double ratio = ratio_of(call.attrs);
  return saved == nullptr || ratio == 0 ? x : fn::scaled(ctx, x, mask(call.draw, x.size(), ratio));
}
void backward(Ctx& ctx, const Call& call, const Value&, const std::any&, const Secret<Real>& grad,
              std::span<Grad* const> to) {
  const double ratio = ratio_of(call.attrs);
  if (to[0] != nullptr)
    to[0]->add(ctx, ratio == 0 ? grad : fn::scaled(ctx, grad, mask(call.draw, grad.size(), ratio)));
}

}  // namespace

const Op kDropout{"Dropout", "some elements dropped in training", 1, 1, shape, forward, backward};

}  // namespace tacit::nn
