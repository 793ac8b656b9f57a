#include "tacit/nn/train/optimiser.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tacit/base/error.h"
#include "tacit/base/text.h"

namespace tacit::nn {

namespace {

constexpr std::string_view kNames[] = {"sgd", "momentum", "adam", "amsgrad"};
constexpr std::string_view kSchedules[] = {"constant", "step", "cosine", "linear"};

/// Digits of a public factor such that a gradient sum of 2^15 times it still fits the ring.
unsigned factor_digits(const Ctx& ctx) {
  return static_cast<unsigned>(std::clamp(61 - 15 - 2 * static_cast<int>(ctx.frac), 7, 13));
}

/// Several tensors as one, so that an update takes the rounds of one.
class Flat {
 public:
  Flat(const Parameters& like) {
    for (const auto& p : like) shapes_.push_back(p.shape());
  }
  template <class E>
  Secret<E> join(Ctx& ctx, const std::vector<Secret<E>>& parts) const {
    std::vector<const Secret<E>*> list;
    for (const auto& p : parts) list.push_back(&p);
    return fn::join<E>(ctx, list);
  }
  Parameters split(Ctx& ctx, const Secret<Real>& whole) const { return fn::split(ctx, whole, shapes_); }

 private:
  std::vector<Shape> shapes_;
};

std::vector<const Secret<Wide>*> pointers(const std::vector<Secret<Wide>>& xs) {
  std::vector<const Secret<Wide>*> out;
  for (const auto& x : xs) out.push_back(&x);
  return out;
}

/// The gradient of each parameter's mean loss times `factor`, with decay and clipping, still wide.
std::vector<Secret<Wide>> scaled_gradients(Ctx& ctx, const OptimiserSettings& s, const Parameters& parameters,
                                           const std::vector<Grad>& gradients, std::size_t batch,
                                           double factor) {
  const unsigned digits = factor_digits(ctx);
  std::vector<Secret<Wide>> out;
  if (s.clip > 0) {
    for (const Grad& g : gradients)
      out.push_back(fn::times(ctx, g.wide(ctx), 1.0 / static_cast<double>(batch), digits));
    const auto means = fn::trunc(ctx, pointers(out));
    out.clear();
    for (const auto& m : means)
      out.push_back(fn::times(ctx, fn::clip(ctx, m, -s.clip, s.clip), factor, digits));
  } else {
    for (const Grad& g : gradients)
      out.push_back(fn::times(ctx, g.wide(ctx), factor / static_cast<double>(batch), digits));
  }
  if (s.weight_decay > 0)
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = fn::add(ctx, out[i], fn::times(ctx, parameters[i], factor * s.weight_decay, digits));
  return out;
}

class Sgd final : public Optimiser {
 public:
  explicit Sgd(const OptimiserSettings& s) : s_(s) {}
  void step(Ctx& ctx, Parameters& parameters, std::vector<Grad> gradients, std::size_t batch,
            double rate) override {
    const auto updates =
        fn::trunc(ctx, pointers(scaled_gradients(ctx, s_, parameters, gradients, batch, rate)));
    for (std::size_t i = 0; i < parameters.size(); ++i)
      parameters[i] = fn::sub(ctx, parameters[i], updates[i]);
  }

 private:
  OptimiserSettings s_;
};

// Velocities and moments are kept kMagnify times as large as the mean gradient's, so that small gradients
// keep digits.
constexpr double kMagnify = 128;

class Momentum final : public Optimiser {
 public:
  explicit Momentum(const OptimiserSettings& s) : s_(s) {}
  void step(Ctx& ctx, Parameters& parameters, std::vector<Grad> gradients, std::size_t batch,
            double rate) override {
    const unsigned digits = factor_digits(ctx);
    auto sums = scaled_gradients(ctx, s_, parameters, gradients, batch, kMagnify);
    for (std::size_t i = 0; i < velocity_.size(); ++i)
      sums[i] = fn::add(ctx, sums[i], fn::times(ctx, velocity_[i], s_.momentum, digits));
    velocity_ = fn::trunc(ctx, pointers(sums));
    std::vector<Secret<Wide>> updates;
    for (const auto& v : velocity_) updates.push_back(fn::times(ctx, v, rate / kMagnify, digits));
    const auto rounded = fn::trunc(ctx, pointers(updates));
    for (std::size_t i = 0; i < parameters.size(); ++i)
      parameters[i] = fn::sub(ctx, parameters[i], rounded[i]);
  }
  std::vector<const Secret<Real>*> state() const override {
    std::vector<const Secret<Real>*> out;
    for (const auto& v : velocity_) out.push_back(&v);
    return out;
  }
  std::vector<Shape> state_shapes(std::span<const Shape> parameters) const override {
    return {parameters.begin(), parameters.end()};
  }
  void restore(std::uint64_t, std::vector<Secret<Real>> state) override { velocity_ = std::move(state); }

 private:
  OptimiserSettings s_;
  std::vector<Secret<Real>> velocity_;
};

// (1-β1)/(1-β1^t) · √((1-β2^t)/(1-β2))
double adams_correction(const OptimiserSettings& s, std::uint64_t steps) {
  const double t = static_cast<double>(steps);
  return (1 - s.beta1) / (1 - std::pow(s.beta1, t)) * std::sqrt((1 - std::pow(s.beta2, t)) / (1 - s.beta2));
}

// Adam (Kingma and Ba 2015), and AMSGrad (Reddi et al. 2018). Instead of the moments m and v, M = m/(1-β1)
// and V = v/(1-β2) are kept, magnified: sums that decay, in which small terms are not lost. Epsilon is added
// under the root. Updates are made in slices, which bounds the memory that the roots need.
class Adam final : public Optimiser {
 public:
  Adam(const OptimiserSettings& s, bool keep_largest) : s_(s), keep_largest_(keep_largest) {}

  void step(Ctx& ctx, Parameters& parameters, std::vector<Grad> gradients, std::size_t batch,
            double rate) override {
    const unsigned digits = factor_digits(ctx);
    const Flat flat(parameters);
    ++steps_;
    const auto rounded =
        fn::trunc(ctx, pointers(scaled_gradients(ctx, s_, parameters, gradients, batch, kMagnify)));
    const Secret<Real> g = flat.join(ctx, rounded), weights = flat.join(ctx, parameters);
    if (steps_ == 1) first_ = second_ = largest_ = fn::zeros(ctx, g.shape());
    // m̂/√v̂ = M/√V · correction
    const double correction = adams_correction(s_, steps_);
    const double floor =
        std::max(s_.epsilon * s_.epsilon * kMagnify * kMagnify / (1 - s_.beta2), std::ldexp(1.0, -6));
    std::vector<Secret<Real>> new_first, new_second, new_largest, new_weights;
    std::vector<Shape> slices;
    for (std::size_t at = 0; at < g.size(); at += kSlice) slices.push_back({std::min(kSlice, g.size() - at)});
    const auto gs = fn::split(ctx, g, slices), ms = fn::split(ctx, *first_, slices),
               vs = fn::split(ctx, *second_, slices), ls = fn::split(ctx, *largest_, slices),
               ws = fn::split(ctx, weights, slices);
    for (std::size_t i = 0; i < slices.size(); ++i) {
      const Secret<Wide> moments[] = {
          fn::add(ctx, fn::times(ctx, ms[i], s_.beta1, digits), fn::lift(ctx, gs[i])),
          fn::add(ctx, fn::times(ctx, vs[i], s_.beta2, digits), fn::mul(ctx, gs[i], gs[i]))};
      const Secret<Wide>* both[] = {&moments[0], &moments[1]};
      const auto now = fn::trunc(ctx, both);
      Secret<Real> v = now[1];
      if (keep_largest_) v = fn::add(ctx, ls[i], fn::relu(ctx, fn::sub(ctx, v, ls[i])).value);
      const Secret<Real> root = fn::rsqrt(ctx, fn::add_public(ctx, v, {&floor, 1}));
      const Secret<Wide> update = fn::times(ctx, fn::mul(ctx, now[0], root), rate * correction, digits);
      new_weights.push_back(fn::sub(ctx, ws[i], fn::trunc(ctx, update)));
      new_first.push_back(now[0]);
      new_second.push_back(now[1]);
      new_largest.push_back(v);
    }
    first_ = flat.join(ctx, new_first);
    second_ = flat.join(ctx, new_second);
    largest_ = flat.join(ctx, new_largest);
    parameters = flat.split(ctx, flat.join(ctx, new_weights));
  }
  std::vector<const Secret<Real>*> state() const override {
    if (steps_ == 0) return {};
    if (keep_largest_) return {&*first_, &*second_, &*largest_};
    return {&*first_, &*second_};
  }
  std::vector<Shape> state_shapes(std::span<const Shape> parameters) const override {
    std::size_t all = 0;
    for (const Shape& s : parameters) all += elements(s);
    return std::vector<Shape>(keep_largest_ ? 3 : 2, Shape{all});
  }
  void restore(std::uint64_t steps, std::vector<Secret<Real>> state) override {
    ensure(steps > 0 && state.size() == (keep_largest_ ? 3u : 2u), "the state of a training by Adam");
    steps_ = steps;
    first_ = std::move(state[0]);
    second_ = std::move(state[1]);
    // Without AMSGrad the largest is the second itself.
    largest_ = keep_largest_ ? std::move(state[2]) : second_;
  }

 private:
  static constexpr std::size_t kSlice = 65536;
  OptimiserSettings s_;
  bool keep_largest_;
  std::uint64_t steps_ = 0;
  std::optional<Secret<Real>> first_, second_, largest_;
};

void require_name(std::string_view key, std::string_view value, std::span<const std::string_view> names) {
  require(std::find(names.begin(), names.end(), value) != names.end(),
          "there is no {} '{}': did you mean '{}'?", key, value, nearest(value, names));
}

}  // namespace

void check(const OptimiserSettings& s) {
  require_name("optimiser", s.name, kNames);
  require_name("schedule", s.schedule, kSchedules);
  require(s.rate > 0 && s.rate <= 16, "the learning rate {} is not between 0 and 16", s.rate);
  require(s.momentum >= 0 && s.momentum < 1, "the momentum {} is not in [0, 1)", s.momentum);
  require(s.beta1 >= 0 && s.beta1 < 1 && s.beta2 > 0 && s.beta2 < 1,
          "beta1 {} and beta2 {} are not in [0, 1)", s.beta1, s.beta2);
  require(s.epsilon > 0, "epsilon {} is not positive", s.epsilon);
  require(s.weight_decay >= 0 && s.weight_decay < 1, "the weight decay {} is not in [0, 1)", s.weight_decay);
  require(s.clip >= 0, "the clipping bound {} is negative", s.clip);
  require(s.schedule_epochs > 0 && s.schedule_factor > 0, "a schedule needs positive numbers");
}

std::vector<int> factor_exponents(const OptimiserSettings& s, double rate, std::size_t batch,
                                  std::uint64_t steps) {
  const bool adam = s.name == "adam" || s.name == "amsgrad";
  const double gradients = s.name == "sgd" ? rate : kMagnify;
  std::vector<int> out;
  for (const double factor : {gradients / static_cast<double>(batch), gradients, gradients * s.weight_decay,
                              s.name == "sgd" ? 0
                              : adam          ? rate * adams_correction(s, steps)
                                              : rate / kMagnify}) {
    out.emplace_back();
    std::frexp(factor, &out.back());
  }
  return out;
}

double rate_at(const OptimiserSettings& s, double progress, double epochs) {
  if (s.schedule == "step")
    return s.rate * std::pow(s.schedule_factor, std::floor(progress / s.schedule_epochs));
  const double left = std::max(0.0, 1 - progress / epochs);
  if (s.schedule == "linear") return s.rate * std::max(left, 1e-3);
  if (s.schedule == "cosine") return s.rate * std::max((1 - std::cos(std::numbers::pi * left)) / 2, 1e-3);
  return s.rate;
}

std::unique_ptr<Optimiser> make_optimiser(const OptimiserSettings& s) {
  check(s);
  if (s.name == "sgd") return std::make_unique<Sgd>(s);
  if (s.name == "momentum") return std::make_unique<Momentum>(s);
  return std::make_unique<Adam>(s, s.name == "amsgrad");
}

}  // namespace tacit::nn
