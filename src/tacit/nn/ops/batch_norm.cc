// BatchNormalization over all axes but the second (Ioffe and Szegedy 2015). In training, by the batch's own
// mean and variance, which the running ones then follow; in inference, and with training_mode = 0 in training
// too, by the running ones, which are state. Both are secret. An epsilon of less than 2^-f is taken as 2^-f.
#include <algorithm>
#include <cmath>

#include "tacit/base/error.h"
#include "tacit/nn/ops/ops.h"

namespace tacit::nn {

namespace {

enum Input : std::size_t { kX, kScale, kBias, kMean, kVariance };

Shape shape(std::span<const Shape> in, const Attrs&) {
  require(in[kX].size() >= 2, "a batch normalisation takes tensors of at least 2 axes, not {}",
          to_string(in[kX]));
  for (std::size_t i = kScale; i <= kVariance; ++i)
    require(in[i] == Shape{in[kX][1]}, "a batch normalisation of {} needs vectors of {}, not {}",
            to_string(in[kX]), in[kX][1], to_string(in[i]));
  return in[kX];
}

/// All axes but that of the channels.
std::vector<std::size_t> axes_of_channels(const Shape& x) {
  std::vector<std::size_t> axes{0};
  for (std::size_t i = 2; i < x.size(); ++i) axes.push_back(i);
  return axes;
}
/// One number a channel, for every element of x.
Secret<Real> spread(Ctx& ctx, const Secret<Real>& channels, const Shape& x) {
  Shape aligned(x.size() - 1, 1);
  aligned[0] = x[1];
  return fn::broadcast_to(ctx, fn::reshape(ctx, channels, aligned), x);
}
Secret<Real> channel_product(Ctx& ctx, const Secret<Real>& a, const Secret<Real>& b) {
  return fn::trunc(ctx, fn::mul(ctx, a, b));
}
/// Σ a·b of each channel.
Secret<Wide> channel_sums(Ctx& ctx, const Secret<Real>& a, const Secret<Real>& b) {
  return fn::sum(ctx, fn::mul(ctx, a, b), axes_of_channels(a.shape()));
}

Secret<Real> inverse_deviation(Ctx& ctx, const Secret<Real>& variance, const Attrs& attrs) {
  const double epsilon = std::max(attrs.real("epsilon", 1e-5), std::ldexp(1.0, -static_cast<int>(ctx.frac)));
  return fn::rsqrt(ctx, fn::add_public(ctx, variance, {&epsilon, 1}));
}

bool by_batch(const Call& call, bool training) {
  return training && call.attrs.integer("training_mode", 1) != 0;
}

struct Saved {
  std::optional<Secret<Real>> mean, variance;  ///< the batch's, if they were used
  Secret<Real> inverse;                        ///< (variance + epsilon)^-1/2
  Secret<Real> normal;                         ///< (x - mean)·inverse
};

Saved normalise(Ctx& ctx, const Call& call, bool own) {
  const Secret<Real> x = call.input(kX).as_secret(ctx);
  const auto axes = axes_of_channels(x.shape());
  const double share = static_cast<double>(x.shape()[1]) / static_cast<double>(x.size());
  std::optional<Secret<Real>> mean, variance;
  if (own) mean = fn::scaled(ctx, fn::sum(ctx, x, axes), share);
  const Secret<Real> centred =
      fn::sub(ctx, x, spread(ctx, own ? *mean : call.input(kMean).as_secret(ctx), x.shape()));
  if (own) variance = fn::scaled(ctx, fn::trunc(ctx, channel_sums(ctx, centred, centred)), share);
  Secret<Real> inverse =
      inverse_deviation(ctx, own ? *variance : call.input(kVariance).as_secret(ctx), call.attrs);
  Secret<Real> normal = channel_product(ctx, centred, spread(ctx, inverse, x.shape()));
  return {std::move(mean), std::move(variance), std::move(inverse), std::move(normal)};
}

Value forward(Ctx& ctx, const Call& call, std::any* saved) {
  const Secret<Real> scale = call.input(kScale).as_secret(ctx), bias = call.input(kBias).as_secret(ctx);
  const Shape& x = call.input(kX).shape();
  if (saved == nullptr) {
    // In inference scale and deviation are one factor a channel.
    const Secret<Real> inverse = inverse_deviation(ctx, call.input(kVariance).as_secret(ctx), call.attrs);
    const Secret<Real> factor = channel_product(ctx, scale, inverse);
    const Secret<Real> centred =
        fn::sub(ctx, call.input(kX).as_secret(ctx), spread(ctx, call.input(kMean).as_secret(ctx), x));
    return fn::trunc(ctx, fn::add(ctx, fn::mul(ctx, centred, spread(ctx, factor, x)),
                                  fn::lift(ctx, spread(ctx, bias, x))));
  }
  Saved s = normalise(ctx, call, by_batch(call, true));
  Value y = fn::trunc(
      ctx, fn::add(ctx, fn::mul(ctx, s.normal, spread(ctx, scale, x)), fn::lift(ctx, spread(ctx, bias, x))));
  *saved = std::move(s);
  return y;
}

// scale·inverse·(g - mean(g) - normal·mean(g normal)), without the means where the statistics are not the
// batch's.
void backward(Ctx& ctx, const Call& call, const Value&, const std::any& saved, const Secret<Real>& grad,
              std::span<Grad* const> to) {
  const auto& s = std::any_cast<const Saved&>(saved);
  const Shape& x = grad.shape();
  const Secret<Real> bias = fn::sum(ctx, grad, axes_of_channels(x));
  const Secret<Real> scale = fn::trunc(ctx, channel_sums(ctx, grad, s.normal));
  if (to[kScale] != nullptr) to[kScale]->add(ctx, scale);
  if (to[kBias] != nullptr) to[kBias]->add(ctx, bias);
  if (to[kX] == nullptr) return;
  const Secret<Real> factor = channel_product(ctx, call.input(kScale).as_secret(ctx), s.inverse);
  Secret<Real> inner = grad;
  if (s.mean) {
    const double share = static_cast<double>(x[1]) / static_cast<double>(grad.size());
    const Secret<Real> along = channel_product(ctx, s.normal, spread(ctx, fn::scaled(ctx, scale, share), x));
    inner = fn::sub(ctx, fn::sub(ctx, grad, spread(ctx, fn::scaled(ctx, bias, share), x)), along);
  }
  to[kX]->add(ctx, fn::mul(ctx, inner, spread(ctx, factor, x)));
}

/// running + (1 - momentum)(batch - running)
std::vector<StateUpdate> next_state(Ctx& ctx, const Call& call, const std::any& saved) {
  const auto& s = std::any_cast<const Saved&>(saved);
  std::vector<StateUpdate> out;
  if (!s.mean) return out;
  const double follow = 1 - call.attrs.real("momentum", 0.9);
  for (std::size_t i : {kMean, kVariance}) {
    const Secret<Real> running = call.input(i).as_secret(ctx);
    const Secret<Real> change = fn::sub(ctx, i == kMean ? *s.mean : *s.variance, running);
    out.push_back({i, fn::add(ctx, running, fn::scaled(ctx, change, follow))});
  }
  return out;
}

constexpr std::size_t kState[] = {kMean, kVariance};

}  // namespace

const Op kBatchNormalization{"BatchNormalization",
                             "each channel shifted and scaled to its statistics",
                             5,
                             5,
                             shape,
                             forward,
                             backward,
                             kState,
                             next_state};

}  // namespace tacit::nn
